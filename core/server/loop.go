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
	"mts/core/transport"
	"mts/core/wire"
)

// open is the session's goroutine until the handshake is done. That needs a
// deep stack, so the rest goes on in a fresh one.
func (c *session) open() {
	if c.secure {
		if err := c.handshake(); err != nil {
			c.conn.Abort()
			c.finish()
			return
		}
	}
	go c.serve()
}

func (c *session) handshake() error {
	timer := time.AfterFunc(c.server.cfg.Timeouts.Handshake, c.conn.Abort)
	err := c.conn.Handshake(c.server.cfg.TLS)
	if err != nil && !timer.Stop() {
		err = errTimeout
	}
	timer.Stop()
	if err != nil {
		c.log("refused", "reason", "handshake", "err", err)
	}
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
		switch {
		case err == nil:
			err = c.dispatch(line)
		case errors.Is(err, wire.ErrLineTooLong):
			err = c.fail(errGarbage)
		}
		if err != nil {
			return err
		}
	}
}

// next returns the next line. Replies are sent before it waits.
func (c *session) next() (string, error) {
	now := time.Now()
	c.active.Store(now.UnixNano())
	c.idleBy, c.lineBy = now.Add(c.server.cfg.Timeouts.Idle), time.Time{}
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
		c.lineBy = time.Now().Add(c.server.cfg.Timeouts.Line)
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
		c.log("refused", "reason", "protocol")
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
	switch why.Code {
	case core.CodeBusy:
		c.log("refused", "reason", "busy")
	case core.CodeKicked:
	default:
		c.log("disconnect", "user", c.user, "code", why.Code, "reason", why.Text)
	}
}

// finish gives back all that the session holds.
func (c *session) finish() {
	c.in.Release()
	c.cancel(errQuit)
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
