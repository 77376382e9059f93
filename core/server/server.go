package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"mts/core"
	"mts/core/exports"
	"mts/core/limit"
)

// An Authenticator knows accounts and their passwords.
type Authenticator interface {
	// Authenticate returns nil if password is that of the account name.
	Authenticate(name, password string) error
	// IsSlow reports whether Authenticate takes long for password. Such calls
	// take turns.
	IsSlow(password string) bool
	// Delay returns how long a refusal that has taken a time so far has to
	// wait, so that its time doesn't show what was wrong.
	Delay(took time.Duration) time.Duration
	// Has reports whether there is an account name.
	Has(name string) bool
}

// Timeouts bound the states of a session. None of them may be 0.
type Timeouts struct {
	Handshake time.Duration // the TLS handshake
	Login     time.Duration // from the accept to the login
	Line      time.Duration // from a line's first byte to its last
	Idle      time.Duration // between two commands
	Write     time.Duration // for the peer to take 256 KiB
}

// Config is what a Server works with. Apply can change the Settings later;
// the rest is fixed.
type Config struct {
	Settings
	Commands []core.Command
	Auth     Authenticator
	Limits   *limit.Table // nil: none
	// InsecurePlaintext lets passwords be sent unencrypted from other machines.
	InsecurePlaintext bool
	// Observe is called with the time that each command took. It may be nil.
	Observe func(verb string, took time.Duration)
	Log     *slog.Logger
}

// Settings are what Apply changes while the server runs.
type Settings struct {
	Exports     *exports.Tree
	Grant       func(user string) Grant // nil: all may use everything
	TLS         *tls.Config             // for TLS listeners and STARTTLS
	StartTLS    bool                    // offer STARTTLS on plain listeners
	Timeouts    Timeouts
	MaxSessions int            // 0: no limit
	Proxies     []netip.Prefix // whose connections begin with a PROXY header, version 1 or 2
}

// A Server serves any number of listeners.
type Server struct {
	cfg      Config // without its Settings
	settings atomic.Pointer[Settings]
	verbs    map[string]core.Command // the built-in ones
	plugins  atomic.Pointer[pluginTable]
	counters counters
	refusals refusalLog
	ctx      context.Context // ends when Shutdown has no more time for anybody
	cancel   context.CancelCauseFunc

	mu        sync.Mutex
	lastID    uint64
	sessions  map[uint64]*handle
	refused   int // of sessions, those that are only told that they are refused
	listeners map[net.Listener]bool
	retiring  bool // no further listener is served
	closing   bool // and no further connection

	untold   untold                                   // what clients are told at their next login
	withheld logOnce                                  // folders whose withheld names are in the log
	running  sync.WaitGroup                           // the goroutines of sessions
	rarely   struct{ accept, command rate.Sometimes } // for log lines that clients could cause in floods
}

// New returns a server. It fails if two commands claim one verb.
func New(cfg Config) (*Server, error) {
	srv := &Server{
		cfg:       cfg,
		verbs:     make(map[string]core.Command),
		sessions:  make(map[uint64]*handle),
		untold:    untold{reasons: make(map[absentee]untoldReason)},
		listeners: make(map[net.Listener]bool),
		counters:  counters{refusals: make(map[string]int64), handshakes: make(map[Handshake]int64)},
	}
	srv.refusals = refusalLog{out: cfg.Log, left: make(map[netip.Addr]int)}
	srv.ctx, srv.cancel = context.WithCancelCause(context.Background())
	srv.rarely.accept.Interval, srv.rarely.command.Interval = time.Second, time.Second
	if cfg.Limits == nil {
		srv.cfg.Limits = limit.New(limit.Policy{})
	}
	srv.Apply(cfg.Settings)
	srv.cfg.Settings = Settings{} // srv.settings replaces them
	for _, cmd := range cfg.Commands {
		if _, taken := srv.verbs[cmd.Verb]; taken {
			return nil, errors.New("verb " + cmd.Verb + " is claimed twice")
		}
		srv.verbs[cmd.Verb] = cmd
	}
	srv.plugins.Store(&pluginTable{})
	return srv, nil
}

// Apply replaces the settings. A session that exists uses them from its next
// command on; a timeout that is running isn't changed. Apply doesn't close the
// old tree, because transfers may still read from it.
func (srv *Server) Apply(settings Settings) {
	if settings.Exports != nil {
		settings.Exports.OnStale(func(dir string, err error) {
			srv.cfg.Log.Error("export is stale: the old folder is still served", "dir", dir, "err", err)
		})
	}
	srv.settings.Store(&settings)
}
