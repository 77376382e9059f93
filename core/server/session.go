package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mts/core"
	"mts/core/exports"
	"mts/core/transport"
	"mts/core/wire"
)

// A state is what a session is doing.
type state int32

// The states of a session.
const (
	stateHandshake state = iota
	stateLogin           // connected, not logged in
	stateIdle            // logged in, between two commands
	stateRunning         // in a command
	stateSending         // in a command that sends a file
	stateClosing
)

func (s state) String() string {
	return [...]string{"handshake", "login", "idle", "running", "sending", "closing"}[s]
}

// Why a session ends, in the words that its client sees.
var (
	errTooMany  = core.Errorf(core.CodeBusy, "Too many connections.")
	errShutdown = core.Errorf(core.CodeShuttingDown, "Server is shutting down.")
	errTimeout  = core.Errorf(core.CodeTimeout, "Timeout.")
	errGarbage  = core.Errorf(core.CodeLineTooLong, "Line too long.")
)

var (
	errQuit  = errors.New("quit")
	errAlien = errors.New("not this protocol")
)

// farewell is how long a last line may take to be written, and a kicked
// session to end.
const farewell = 700 * time.Millisecond

// smallFile is up to which size, in bytes, a file is worth copying behind its
// own reply.
const smallFile = 64 << 10

// defaultUser is the account that AUTH means without a USER before.
const defaultUser = "default"

// A session is one connection. Only its own goroutine uses the fields that
// aren't marked as shared.
type session struct {
	server *Server
	id     uint64
	secure bool // TLS from the first byte on, or since STARTTLS; shared under mu
	since  time.Time
	remote string // the client's address
	conn   *transport.Conn
	in     *wire.LineReader
	out    *wire.Writer
	call   host // the call under way
	ctx    context.Context
	cancel context.CancelCauseFunc // shared

	loginBy time.Time // when it has to be logged in
	idleBy  time.Time // when the next line has to have begun
	lineBy  time.Time // when the line that has begun has to be whole; zero before

	name  string // the account that the next AUTH is for
	tree  *exports.Tree
	verbs map[string]bool // nil: all
	known bool            // a command has come that exists

	notices bool // in stream mode too

	state    atomic.Int32 // shared, like the next five
	commands atomic.Int64
	bytesOut atomic.Int64
	sent     atomic.Int64 // of the file under way
	active   atomic.Int64 // when a command last ended, Unix nanoseconds
	listens  atomic.Bool  // takes notices

	leaving atomic.Pointer[core.Error] // shared; why the session has to end
	mu      sync.Mutex
	user    string   // the account logged in; shared under mu
	mail    []string // notices to be sent; under mu
	job     job      // under mu
}

func newSession(s *Server, id uint64, conn *transport.Conn, secure bool) *session {
	now := time.Now()
	c := &session{
		server:  s,
		id:      id,
		secure:  secure,
		since:   now,
		loginBy: now.Add(s.cfg.Timeouts.Login),
		remote:  conn.RemoteAddr().String(),
		conn:    conn,
		in:      wire.NewLineReader(conn),
		name:    defaultUser,
	}
	c.active.Store(now.UnixNano())
	return c
}

// info returns what plugins may know of the session. Any goroutine may call it.
func (c *session) info() core.Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.snapshot()
}

// leave makes the session end after the command it is in, telling why.
// Any goroutine may call it.
func (c *session) leave(why *core.Error) {
	c.leaving.CompareAndSwap(nil, why)
	c.conn.Interrupt()
	if state(c.state.Load()) == stateHandshake {
		c.conn.Abort()
	}
}

// kick ends the session now. Any goroutine may call it.
func (c *session) kick(reason string) {
	why := core.Errorf(core.CodeKicked, "Disconnected: %s", reason)
	c.log("kick", "user", c.info().User, "reason", reason)
	time.AfterFunc(farewell, func() {
		c.conn.Abort()
		c.server.forget(c) // even if its command doesn't heed its context
	})
	c.cancel(why)
	c.leave(why)
}

// maxMail bounds the notices that wait for a session.
const maxMail = 16

// notify has a notice sent between two replies. It reports whether the session
// takes it. Any goroutine may call it.
func (c *session) notify(text string) bool {
	c.mu.Lock()
	ok := c.listens.Load() && len(c.mail) < maxMail
	if ok {
		c.mail = append(c.mail, text)
	}
	c.mu.Unlock()
	if ok {
		c.conn.Interrupt()
	}
	return ok
}

// sendNotices writes the notices that wait, if the client wants any.
func (c *session) sendNotices() {
	c.mu.Lock()
	mail := c.mail
	c.mail = nil
	c.mu.Unlock()
	for _, text := range mail {
		c.out.Status(wire.Notice, nil, text)
	}
}

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

// serve is the session's goroutine.
func (c *session) serve() {
	defer c.finish()
	c.setState(stateLogin)
	c.out = wire.NewWriter(c.conn, smallFile)
	err := c.leavingError()
	if err == nil {
		c.log("connect", "tls", tlsName(c.conn.TLS()))
		err = c.welcome()
	}
	if err == nil {
		c.out.Status(wire.Success, nil, "Server Ready.")
		err = c.loop()
	}
	c.setState(stateClosing)
	c.close(err)
}

// welcome asks the plugins whether the session may go on, and logs it in if the
// client's certificate says who it is.
func (c *session) welcome() error {
	h := c.begin("")
	if err := h.runHooks("", func(k core.Hooks) func(*core.Call) error { return k.Connect }); err != nil {
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
		line, err := c.readLine()
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

func (c *session) readLine() (string, error) {
	if !c.in.Ready() {
		if err := c.wait(); err != nil {
			return "", err
		}
	}
	return c.in.ReadLine()
}

// wait sends what is pending and waits for a line to begin.
func (c *session) wait() error {
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
