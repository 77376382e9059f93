// Package server accepts connections and serves the wire protocol on them.
//
// Each connection is a session: registered when it is accepted, before its TLS
// handshake, under an id that is never used again. One goroutine owns a
// session and alone reads from and writes to its connection; others reach it
// through its leave method and its atomic fields only. Server.mu guards the
// register, session.mu what is told about a session; neither is held while the
// other is taken, or while anything blocks.
//
// Policy lives in dispatch: whether a verb exists, may be used and has its
// argument, what its error means to the client. Verbs are values of
// core.Command and know nothing of it.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"mts/core"
	"mts/core/exports"
)

// ErrNoSession says that there is no session with the given id.
var ErrNoSession = errors.New("no such session")

// An Authenticator knows accounts and their passwords.
type Authenticator interface {
	// Authenticate returns nil if password is that of the account name. It
	// takes the same time whatever is wrong.
	Authenticate(ctx context.Context, name, password string) error
	// Has reports whether there is an account name.
	Has(name string) bool
}

// A Grant is what an account may use.
type Grant struct {
	Exports []string // paths; nil: all exports
	Verbs   []string // upper case; nil: all verbs. Those open to all stay usable
}

// Timeouts bound the states of a session. None of them may be 0.
type Timeouts struct {
	Handshake time.Duration // the TLS handshake
	Login     time.Duration // from the accept to the login
	Line      time.Duration // from a line's first byte to its last
	Idle      time.Duration // between two commands
	Write     time.Duration // for the peer to take 256 KiB
}

// Config is what a Server works with. All of it is fixed once the server
// exists.
type Config struct {
	Commands    []core.Command
	Exports     *exports.Tree
	Auth        Authenticator
	Grant       func(user string) Grant // nil: all may use everything
	TLS         *tls.Config             // for TLS listeners and STARTTLS
	StartTLS    bool                    // offer STARTTLS on the others
	Timeouts    Timeouts
	MaxSessions int // 0: no limit
	// InsecurePlaintext lets passwords be sent unencrypted from other machines.
	InsecurePlaintext bool
	Log               *slog.Logger
}

// A Server serves any number of listeners.
type Server struct {
	cfg     Config
	verbs   map[string]core.Command // built in
	plugins atomic.Pointer[pluginTable]

	mu        sync.Mutex
	lastID    uint64
	sessions  map[uint64]*session
	refused   map[uint64]bool // those of sessions that are over MaxSessions
	listeners map[net.Listener]bool
	closing   bool

	running sync.WaitGroup // the goroutines of sessions
	// For log lines that a flood could cause.
	rarelyAccept, rarelyCommand rate.Sometimes
}

// New returns a server. It fails if two commands claim one verb.
func New(cfg Config) (*Server, error) {
	s := &Server{
		cfg:       cfg,
		verbs:     make(map[string]core.Command),
		sessions:  make(map[uint64]*session),
		refused:   make(map[uint64]bool),
		listeners: make(map[net.Listener]bool),

		rarelyAccept:  rate.Sometimes{Interval: time.Second},
		rarelyCommand: rate.Sometimes{Interval: time.Second},
	}
	for _, cmd := range cfg.Commands {
		if _, taken := s.verbs[cmd.Verb]; taken {
			return nil, errors.New("verb " + cmd.Verb + " is claimed twice")
		}
		s.verbs[cmd.Verb] = cmd
	}
	s.plugins.Store(&pluginTable{})
	return s, nil
}

// Sessions returns a snapshot of all sessions, sorted by id.
func (s *Server) Sessions() []core.Session {
	var sessions []core.Session
	for _, c := range s.all() {
		sessions = append(sessions, c.info())
	}
	slices.SortFunc(sessions, func(a, b core.Session) int { return cmp.Compare(a.ID, b.ID) })
	return sessions
}

// Notify sends a notice to the sessions that f selects, between two replies.
// It returns how many will get it: those whose clients take notices, and that
// haven't too many waiting already.
func (s *Server) Notify(f Filter, text string) int {
	n := 0
	for _, c := range s.all() {
		if f.Match(c.describe()) && c.notify(text) {
			n++
		}
	}
	return n
}

// Kick ends the session with the given id within a second, whatever it does.
// The client sees the reason if it can be told. The error is ErrNoSession if
// there is none.
func (s *Server) Kick(id uint64, reason string) error {
	c := s.session(id)
	if c == nil {
		return ErrNoSession
	}
	c.kick(reason)
	return nil
}

func (s *Server) session(id uint64) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[id]
}

// Shutdown closes the listeners, ends the sessions that are idle and lets the
// others finish the command they run. When ctx ends it cuts those off, waits a
// moment and returns ctx's error; otherwise it returns when no session is left.
func (s *Server) Shutdown(ctx context.Context) error {
	for _, c := range s.close() {
		c.leave(errShutdown)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.running.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.abort()
		select {
		case <-done:
		case <-time.After(farewell): // some command doesn't heed its context
		}
		return ctx.Err()
	}
}

// Close is Shutdown without time for anybody.
func (s *Server) Close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.Shutdown(ctx)
}

// close closes the listeners and returns the sessions there are. No new one
// comes from then on.
func (s *Server) close() []*session {
	s.mu.Lock()
	s.closing = true
	for ln := range s.listeners {
		ln.Close()
	}
	s.mu.Unlock()
	return s.all()
}

func (s *Server) abort() {
	for _, c := range s.all() {
		c.cancel(errShutdown)
		c.conn.Abort()
	}
}
