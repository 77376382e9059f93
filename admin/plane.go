package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mts/core"
	"mts/core/events"
	"mts/core/limit"
	"mts/core/server"
	"mts/plugins"
)

// Config is what operators steer. Plugins may be nil; all else has to be there.
type Config struct {
	Server  *server.Server
	Limits  *limit.Table
	Users   func() []string // the names of the accounts, sorted
	Plugins *plugins.Set
	Feed    *events.Feed
	Level   *slog.LevelVar // of the log
	Log     *slog.Logger   // gets the audit lines

	// Reload reads "config", "tls", "users" or "plugins" again, or all for "".
	// Its error says what stays as it was, and why.
	Reload func(part string) error
	// Stop begins to end the process and returns at once. Its error says why
	// it doesn't.
	Stop func(Stop) error

	// AllowUIDs are those of users of the system who may use the plane, beside
	// root and whom the process runs as.
	AllowUIDs []int
}

// A Stop is how to end the server.
type Stop int

// The ways to end the server. All of them close the listeners first.
const (
	StopDrained Stop = iota // when the transfers under way have ended
	StopSoon                // likewise, or after the drain time
	StopNow                 // cutting transfers off
)

// Bounds of a plane.
const (
	maxConsoles = 16
	maxRefused  = 64               // connections that are being told so
	closeTime   = time.Second      // for Close to let commands finish
	retryTime   = time.Second / 20 // after an accept that failed
)

var (
	errTooMany  = core.Errorf(core.CodeBusy, "Too many consoles.")
	errStranger = core.Errorf(core.CodeAuthFailed, "You may not use this socket.")
	errClosing  = core.Errorf(core.CodeShuttingDown, "Server is shutting down.")
)

// A Plane answers operators. Its methods may be called by any goroutine.
type Plane struct {
	cfg     Config
	started time.Time
	open    context.Context // until Close
	close   context.CancelCauseFunc
	rarely  rate.Sometimes // for log lines that a flood could cause
	running sync.WaitGroup

	mu       sync.Mutex
	closing  bool
	ends     map[interface{ Close() error }]bool // listeners and connections
	consoles int
	refused  int
}

// New returns a plane that nobody has reached yet.
func New(cfg Config) *Plane {
	p := &Plane{
		cfg: cfg, started: time.Now(), ends: make(map[interface{ Close() error }]bool),
		rarely: rate.Sometimes{Interval: time.Second},
	}
	p.open, p.close = context.WithCancelCause(context.Background())
	return p
}

// Serve accepts operators on a listener of Listen until Close, and closes it.
// A lack of descriptors passes.
func (p *Plane) Serve(ln net.Listener) error {
	p.mu.Lock()
	p.ends[ln] = true
	p.mu.Unlock()
	defer ln.Close()
	for p.open.Err() == nil {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			who, err := peerOf(conn)
			p.welcome(conn, who, err)
		case errors.Is(err, net.ErrClosed):
			return nil
		default:
			p.rarely.Do(func() { p.cfg.Log.Error("accept", "listener", "admin", "err", err) })
			time.Sleep(retryTime)
		}
	}
	return nil
}

// Dial returns a connection for the operator at the process's own terminal. It
// is for NewClient.
func (p *Plane) Dial(context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	p.welcome(far, peer{uid: os.Geteuid(), pid: os.Getpid(), name: "console"}, nil)
	return near, nil
}

// welcome makes a connection a console, unless it is refused: err says that
// nobody knows whose it is.
func (p *Plane) welcome(conn net.Conn, who peer, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closing || p.refused >= maxRefused:
		conn.Close()
		return
	case err != nil || !p.allows(who):
		p.refuse(conn, who, errStranger)
		return
	case p.consoles >= maxConsoles:
		p.refuse(conn, who, errTooMany)
		return
	}
	p.start(conn, &p.consoles, func() { newConsole(p, conn, who).serve() })
}

// refuse is called with p.mu held, like start.
func (p *Plane) refuse(conn net.Conn, who peer, why *core.Error) {
	p.rarely.Do(func() {
		p.cfg.Log.Warn("refused", "reason", "admin", "uid", who.uid, "pid", who.pid, "err", why)
	})
	p.start(conn, &p.refused, func() { tell(conn, why) })
}

// start runs what a connection is for, and counts it meanwhile.
func (p *Plane) start(conn net.Conn, count *int, run func()) {
	p.ends[conn] = true
	*count++
	p.running.Go(func() {
		run()
		conn.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.ends, conn)
		*count--
	})
}

func (p *Plane) allows(who peer) bool {
	return who.uid == 0 || who.uid == os.Geteuid() || slices.Contains(p.cfg.AllowUIDs, who.uid)
}

// Close closes the listeners, and ends the consoles after a moment for the
// commands that they run.
func (p *Plane) Close() {
	p.mu.Lock()
	p.closing = true
	for end := range p.ends {
		if ln, ok := end.(net.Listener); ok {
			ln.Close()
		}
	}
	p.mu.Unlock()
	p.close(errClosing)
	defer time.AfterFunc(closeTime, p.cut).Stop()
	p.running.Wait()
}

func (p *Plane) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for end := range p.ends {
		end.Close()
	}
}
