package server

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"mts/core"
	"mts/core/exports"
	"mts/core/limit"
	"mts/core/names"
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

// A session is one connection. Only its own goroutine uses the fields that
// aren't marked as shared.
type session struct {
	server *Server
	id     uint64
	secure bool // TLS from the first byte on, or since STARTTLS; shared under mu
	since  time.Time
	remote string // the client's address
	conn   *transport.Conn
	limits *limit.Admission // nil if the client's limits refuse it; for others: SetRate and Rate
	in     *wire.LineReader
	out    *wire.Writer
	call   host // the call under way
	ctx    context.Context
	cancel context.CancelCauseFunc // shared

	settings *Settings     // that tree and verbs are made of
	refusal  error         // why it is turned away
	cost     limit.Penalty // see release

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

	leaving  atomic.Pointer[core.Error] // shared; why the session has to end
	aborting atomic.Bool                // shared; the command under way has to end

	mu      sync.Mutex
	user    string                  // the account logged in; shared under mu
	mail    []string                // notices to be sent; under mu
	job     job                     // under mu
	command context.Context         // ends with the command under way, or with ctx
	stop    context.CancelCauseFunc // of command; under mu
}

func newSession(s *Server, nc net.Conn, secure bool) *session {
	now := time.Now()
	settings := s.settings.Load()
	c := &session{
		server:   s,
		secure:   secure,
		since:    now,
		loginBy:  now.Add(settings.Timeouts.Login),
		remote:   nc.RemoteAddr().String(),
		conn:     transport.New(nc, settings.Timeouts.Write),
		settings: settings,
		name:     names.DefaultAccount,
	}
	c.in = wire.NewLineReader(c.conn)
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.active.Store(now.UnixNano())
	return c
}

// host returns the client's address, without the port.
func (c *session) host() netip.Addr { return limit.Address(c.conn.RemoteAddr()) }

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
