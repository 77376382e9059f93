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
	"mts/core/limit"
)

// The errors of what is asked of a session.
var (
	ErrNoSession = errors.New("no such session")
	ErrIdle      = errors.New("no command is running")
)

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

// Config is what a Server works with. All but its Settings is fixed once the
// server exists.
type Config struct {
	Settings
	Commands []core.Command
	Auth     Authenticator
	Limits   *limit.Table // nil: none
	// InsecurePlaintext lets passwords be sent unencrypted from other machines.
	InsecurePlaintext bool
	// Observe is told how long each command took. It may be nil.
	Observe func(verb string, took time.Duration)
	Log     *slog.Logger
}

// Settings are what Apply changes while the server runs.
type Settings struct {
	Exports     *exports.Tree
	Grant       func(user string) Grant // nil: all may use everything
	TLS         *tls.Config             // for TLS listeners and STARTTLS
	StartTLS    bool                    // offer STARTTLS on the others
	Timeouts    Timeouts
	MaxSessions int // 0: no limit
}

// A Server serves any number of listeners.
type Server struct {
	cfg      Config // but for its Settings
	settings atomic.Pointer[Settings]
	verbs    map[string]core.Command // built in
	plugins  atomic.Pointer[pluginTable]
	counters counters

	mu        sync.Mutex
	lastID    uint64
	sessions  map[uint64]*session
	refused   map[uint64]*session // those of sessions that are to be told so
	listeners map[net.Listener]bool
	closing   bool
	retiring  bool // no listener is left; connections are served as before

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
		refused:   make(map[uint64]*session),
		listeners: make(map[net.Listener]bool),

		counters: counters{refusals: make(map[string]int64), handshakes: make(map[Handshake]int64)},

		rarelyAccept:  rate.Sometimes{Interval: time.Second},
		rarelyCommand: rate.Sometimes{Interval: time.Second},
	}
	if cfg.Limits == nil {
		s.cfg.Limits = limit.New(limit.Policy{})
	}
	s.Apply(cfg.Settings)
	s.cfg.Settings = Settings{} // no longer what counts
	for _, cmd := range cfg.Commands {
		if _, taken := s.verbs[cmd.Verb]; taken {
			return nil, errors.New("verb " + cmd.Verb + " is claimed twice")
		}
		s.verbs[cmd.Verb] = cmd
	}
	s.plugins.Store(&pluginTable{})
	return s, nil
}

// Apply replaces the settings: for sessions that exist with their next command,
// but for the timeouts that run already. The old tree isn't closed, since
// transfers may go on from it.
func (s *Server) Apply(settings Settings) { s.settings.Store(&settings) }

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
// It returns the ids, sorted, of those that will get it: whose clients take
// notices, and that haven't too many waiting already.
func (s *Server) Notify(f Filter, text string) []uint64 {
	ids := []uint64{}
	for _, c := range s.all() {
		if f.Match(c.describe()) && c.notify(text) {
			ids = append(ids, c.id)
		}
	}
	slices.Sort(ids)
	return ids
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

// KickAll kicks the sessions that f selects, and returns their ids, sorted.
func (s *Server) KickAll(f Filter, reason string) []uint64 {
	ids := []uint64{}
	for _, c := range s.all() {
		if f.Match(c.describe()) {
			c.kick(reason)
			ids = append(ids, c.id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Abort ends the command that a session runs, and keeps the session if the
// reply can still be completed: in stream mode it can't once data has been
// sent, and in block mode it takes the peer to read the rest of a block within
// a second. The error is ErrNoSession, or ErrIdle if there is no command.
func (s *Server) Abort(id uint64) error {
	c := s.session(id)
	if c == nil {
		return ErrNoSession
	}
	return c.abort()
}

// SetRate changes the byte rate of a session, at once. 0 is no limit. The error
// is ErrNoSession if there is none.
func (s *Server) SetRate(id uint64, bytesPerSecond int64) error {
	c := s.session(id)
	if c == nil || c.limits == nil {
		return ErrNoSession
	}
	c.limits.SetRate(bytesPerSecond)
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
		s.cut()
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

// cut ends all sessions at once.
func (s *Server) cut() {
	for _, c := range s.all() {
		c.cancel(errShutdown)
		c.conn.Abort()
	}
}
