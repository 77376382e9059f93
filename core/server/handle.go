package server

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"mts/core"
)

// A handle is what every goroutine may see of a session and do to it.
type handle struct {
	id     uint64
	remote string     // the client's "host:port"
	client netip.Addr // its address, the zero Addr if it has none
	since  time.Time
	conn   interface {
		LocalAddr() net.Addr
		Interrupt()
		Abort()
		HungUp() bool
	}
	refused bool        // the client is only told that it is refused
	limits  interface { // nil if it is
		SetRate(bytesPerSecond int64)
		Rate() int64
		Waited() time.Duration
	}

	ctx    context.Context // ends with the session
	cancel context.CancelCauseFunc

	commands     atomic.Int64               // that have ended
	bytesOut     atomic.Int64               // data sent by them
	sent         atomic.Int64               // data sent by the transfer under way
	lastActive   atomic.Int64               // when the session last began to wait for a line, Unix nanoseconds
	endReason    atomic.Pointer[core.Error] // why the session has to end
	aborting     atomic.Bool                // the command under way has to end
	explained    atomic.Bool                // the client has been told why the session ends, or will be at its next login
	takesNotices atomic.Bool
	tls          atomic.Bool
	state        atomic.Int32 // a state

	mu         sync.Mutex
	user       string // the account, "" before a login
	job        job
	notices    []string        // that wait to be sent
	callCtx    context.Context // of commands: ends with the session, or by an abort
	cancelCall context.CancelCauseFunc
	working    bool        // in a command or a hook
	checker    *time.Timer // calls checkClient; nil before the first command
	checking   bool        // the timer is set
}

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

func (h *handle) setState(s state) { h.state.Store(int32(s)) }

func (h *handle) setUser(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.user = user
	if user == "" {
		h.notices = nil
	}
}

// snapshot returns what plugins may know of the session.
func (h *handle) snapshot() core.Session {
	h.mu.Lock()
	defer h.mu.Unlock()
	return core.Session{ID: h.id, User: h.user, Remote: h.remote, TLS: h.tls.Load(), Since: h.since}
}

// endAfterCommand makes the session end after the command under way, or at
// once if it is in a handshake. Its client sees why.
func (h *handle) endAfterCommand(why *core.Error) {
	h.endReason.CompareAndSwap(nil, why)
	h.conn.Interrupt()
	if state(h.state.Load()) == stateHandshake {
		h.conn.Abort()
	}
}

// mustEnd returns why the session has to end, or nil if it hasn't.
func (h *handle) mustEnd() error {
	if why := h.endReason.Load(); why != nil {
		return why
	}
	return nil
}

// hasWaited reports whether the session has waited for a command for at least
// d.
func (h *handle) hasWaited(d time.Duration) bool {
	switch state(h.state.Load()) {
	case stateLogin, stateIdle:
		return time.Since(time.Unix(0, h.lastActive.Load())) >= d
	}
	return false
}

// maxNotices bounds the notices that wait for a session.
const maxNotices = 16

// notify has a notice sent between two replies. It reports whether the session
// takes it: it has to be logged in.
func (h *handle) notify(text string) bool {
	h.mu.Lock()
	ok := h.user != "" && h.takesNotices.Load() && len(h.notices) < maxNotices
	if ok {
		h.notices = append(h.notices, text)
	}
	h.mu.Unlock()
	if ok {
		h.conn.Interrupt()
	}
	return ok
}

// takeNotices returns the notices that wait, and forgets them.
func (h *handle) takeNotices() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	notices := h.notices
	h.notices = nil
	return notices
}
