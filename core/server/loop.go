package server

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"mts/core"
	"mts/core/limit"
	"mts/core/transport"
	"mts/core/wire"
)

// open is the session's goroutine until the handshake is done. That needs a
// deep stack, so the rest goes on in a fresh one.
func (c *session) open() {
	err := c.arrive()
	if err == nil && c.secure {
		err = c.handshake()
	}
	if err != nil {
		c.conn.Abort()
		c.finish()
		return
	}
	go c.serve()
}

// arrive waits until the client may have one more connection.
func (c *session) arrive() error {
	if c.limits == nil {
		return nil
	}
	return c.limits.Wait(c.ctx)
}

func (c *session) handshake() error {
	settings := c.server.settings.Load()
	timer := time.AfterFunc(settings.Timeouts.Handshake, c.conn.Abort)
	err := c.conn.Handshake(settings.TLS)
	if err != nil && !timer.Stop() {
		err = errTimeout
		c.charge(limit.Timeout)
	}
	timer.Stop()
	switch {
	case err == nil:
		c.server.counters.shook(c.conn.TLS())
		return nil
	case errors.As(err, new(tls.RecordHeaderError)):
		c.charge(limit.Garbage)
	}
	c.refuse("handshake", "err", err)
	return err
}

// serve is the session's goroutine. What waits below it for input keeps to
// little stack, since that is most of what an idle session costs.
func (c *session) serve() {
	defer c.finish()
	err := c.greet()
	if err == nil {
		err = c.loop()
	}
	c.setState(stateClosing)
	c.close(err)
}

// greet begins the session, unless it has to leave again.
func (c *session) greet() error {
	c.setState(stateLogin)
	c.out = wire.NewWriter(c.conn, smallFile)
	if err := c.leavingError(); err != nil {
		return err
	}
	c.log("connect", "tls", tlsName(c.conn.TLS()))
	if err := c.welcome(); err != nil {
		return err
	}
	return c.out.Status(wire.Success, nil, "Server Ready.")
}

// welcome asks the plugins whether the session may go on, and logs it in if the
// client's certificate says who it is.
func (c *session) welcome() error {
	h := c.begin("")
	if err := h.runHooks("connect", "", func(k core.Hooks) func(*core.Call) error { return k.Connect }); err != nil {
		return err
	}
	err := h.loginByCert()
	c.setState(c.restState())
	return err
}

// loop answers commands until there is a reason to end.
func (c *session) loop() error {
	for {
		line, err := c.next()
		tooLong := errors.Is(err, wire.ErrLineTooLong)
		if err == nil || tooLong {
			err = c.respond(line, tooLong)
		}
		if err != nil {
			return err
		}
	}
}

// respond answers a line when it is its turn.
func (c *session) respond(line string, tooLong bool) error {
	switch over, err := c.turn(); {
	case err != nil:
		return err
	case over > 0:
		return c.fail(core.Errorf(core.CodeRateLimited, "Too many commands. Try again in %d s.", int(over.Seconds())+1))
	case tooLong:
		return c.fail(errGarbage)
	}
	return c.dispatch(line)
}

// turn waits until the client may have one more command. If it can't, it has to
// wait for the time over, too.
func (c *session) turn() (over time.Duration, err error) {
	wait, over := c.limits.Command()
	if wait == 0 {
		return 0, nil
	}
	if err := c.out.Flush(); err != nil {
		return 0, err
	}
	return over, c.limits.Pause(c.ctx, wait)
}

// next returns the next line. Replies are sent before it waits.
func (c *session) next() (string, error) {
	now := time.Now()
	c.active.Store(now.UnixNano())
	c.idleBy, c.lineBy = now.Add(c.server.settings.Load().Timeouts.Idle), time.Time{}
	for {
		if err := c.leavingError(); err != nil {
			return "", err
		}
		if c.user == "" && !time.Now().Before(c.loginBy) {
			return "", errTimeout // lines that are buffered don't wait for a deadline
		}
		c.sendNotices()
		err := c.wait()
		var line string
		if err == nil {
			line, err = c.in.ReadLine()
		}
		switch {
		case errors.Is(err, transport.ErrInterrupted):
			continue
		case errors.Is(err, os.ErrDeadlineExceeded):
			return "", errTimeout
		case errors.Is(err, wire.ErrGarbage):
			return "", errGarbage
		case err != nil && !errors.Is(err, wire.ErrLineTooLong):
			return "", err
		}
		return line, err
	}
}

// wait sends what is pending and waits for a line to begin, if there is none.
func (c *session) wait() error {
	if c.in.Ready() {
		return nil
	}
	if err := c.out.Flush(); err != nil {
		return err
	}
	if c.in.Empty() {
		c.conn.SetReadDeadline(c.deadline(c.idleBy))
		if err := c.in.Wait(); err != nil {
			return err
		}
		if !c.known && c.in.First() == recordHandshake {
			return errAlien
		}
	}
	if c.in.Ready() {
		return nil
	}
	if c.lineBy.IsZero() {
		c.lineBy = time.Now().Add(c.server.settings.Load().Timeouts.Line)
	}
	c.conn.SetReadDeadline(c.deadline(c.lineBy))
	return nil
}

// deadline is t, or when the login has to be done if that is earlier.
func (c *session) deadline(t time.Time) time.Time {
	if c.user == "" && c.loginBy.Before(t) {
		return c.loginBy
	}
	return t
}

// leavingError returns why the session has to end, or nil.
func (c *session) leavingError() error {
	if why := c.leaving.Load(); why != nil {
		return why
	}
	return nil
}

// close ends the connection in the way that fits the reason.
func (c *session) close(reason error) {
	var told *core.Error
	switch {
	case errors.Is(reason, wire.ErrTorn):
		c.conn.Abort()
		return
	case reason == errAlien:
		c.charge(limit.Garbage)
		c.refuse("protocol")
		c.conn.Abort()
		return
	case errors.As(reason, &told):
		c.logEnd(told)
		c.conn.SetWriteTimeout(farewell)
		c.fail(told)
	case reason != errQuit && reason != io.EOF:
		c.conn.Abort()
		return
	}
	if c.out.Flush() != nil {
		c.conn.Abort()
		return
	}
	c.conn.Close()
}

// logEnd tells why the server ends the session; of a kick it has been told.
func (c *session) logEnd(why *core.Error) {
	switch why {
	case errTimeout:
		c.charge(limit.Timeout)
	case errGarbage:
		c.charge(limit.Garbage)
	}
	switch {
	case c.refusal != nil:
		c.refuse(c.refusal.Error())
	case why.Code == core.CodeKicked:
	default:
		c.log("disconnect", "user", c.user, "code", why.Code, "reason", why.Text)
	}
}

// finish gives back all that the session holds.
func (c *session) finish() {
	c.in.Release()
	c.cancel(errQuit)
	c.release()
	c.server.forget(c)
	c.server.running.Done()
}

func (c *session) setState(s state) { c.state.Store(int32(s)) }

// log writes one line about the session.
func (c *session) log(msg string, args ...any) {
	args = append([]any{"session", c.id, "remote", c.remote}, args...)
	c.server.cfg.Log.Info(msg, args...)
}

// recordHandshake begins a TLS connection (RFC 8446, 5.1).
const recordHandshake = 0x16

// isHTTP reports whether a line that isn't a command was meant for a web
// server, which is how a browser is made to talk to other protocols.
func isHTTP(line string) bool {
	verb, _, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "HOST:", "POST":
		return true
	}
	return strings.Contains(line, " HTTP/")
}

func tlsName(state *tls.ConnectionState) string {
	if state == nil {
		return "no"
	}
	return tls.VersionName(state.Version)
}

// isLocal reports whether the peer reached us without a network.
func isLocal(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}
