package admin

import (
	"context"
	"errors"
	"io"
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

// Config is what a plane controls. Only Plugins may be nil.
type Config struct {
	Server  *server.Server
	Limits  *limit.Table
	Users   func() []string // the names of the accounts, sorted
	Plugins *plugins.Set
	Feed    *events.Feed
	Level   *slog.LevelVar // of the log
	Log     *slog.Logger   // gets the audit lines

	// Reload reads "config", "tls", "users" or "plugins" again, or all for "".
	// Its error says what stays unchanged, and why.
	Reload func(part string) error
	// Stop begins to end the process and returns at once. Its error says why
	// the process goes on.
	Stop func(Stop) error

	// AllowUIDs are the users of the system who may use the plane, beside root
	// and the user that the process runs as.
	AllowUIDs []int
}

// A Stop is how to end the server.
type Stop int

// The ways to end the server. All of them close the listeners first.
const (
	StopDrained Stop = iota // when the running transfers have ended
	StopSoon                // likewise, but after the drain time at the latest
	StopNow                 // at once
)

// Bounds of a plane.
const (
	maxConsoles  = 16
	maxRefused   = 64               // connections that are being refused at a time
	closeTimeout = time.Second      // for running commands, in Close
	acceptRetry  = time.Second / 20 // after an accept that failed
)

var (
	errTooMany    = core.Errorf(core.CodeBusy, "Too many consoles.")
	errNotAllowed = core.Errorf(core.CodeAuthFailed, "You may not use this socket.")
	errClosing    = core.Errorf(core.CodeShuttingDown, "Server is shutting down.")
)

// A Plane serves operators. Any goroutine may call its methods.
type Plane struct {
	cfg      Config
	started  time.Time
	open     context.Context // until Close
	close    context.CancelCauseFunc
	logLimit rate.Sometimes // for log lines that strangers can cause
	running  sync.WaitGroup

	mu       sync.Mutex
	closing  bool
	closers  map[io.Closer]bool // listeners and connections
	consoles int
	refused  int
}

// New returns a plane without connections.
func New(cfg Config) *Plane {
	p := &Plane{
		cfg: cfg, started: time.Now(), closers: make(map[io.Closer]bool),
		logLimit: rate.Sometimes{Interval: time.Second},
	}
	p.open, p.close = context.WithCancelCause(context.Background())
	return p
}

// Serve accepts operators on a listener from Socket.Listen until Close, and
// closes it. It goes on after errors such as a lack of file descriptors.
func (p *Plane) Serve(ln net.Listener) error {
	p.mu.Lock()
	p.closers[ln] = true
	p.mu.Unlock()
	defer ln.Close()
	for p.open.Err() == nil {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			operator, err := peerOf(conn)
			p.admit(conn, operator, err)
		case errors.Is(err, net.ErrClosed):
			return nil
		default:
			p.logLimit.Do(func() { p.cfg.Log.Error("accept", "listener", "admin", "err", err) })
			time.Sleep(acceptRetry)
		}
	}
	return nil
}

// Dial returns a connection for the operator at the process's own terminal. It
// is for NewClient.
func (p *Plane) Dial(context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	p.admit(far, peer{uid: os.Geteuid(), pid: os.Getpid(), name: "console"}, nil)
	return near, nil
}

// admit serves a connection as a console, or refuses it. err says why its peer
// isn't known; nil if it is.
func (p *Plane) admit(conn net.Conn, operator peer, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closing || p.refused >= maxRefused:
		conn.Close()
		return
	case err != nil || !p.allows(operator):
		p.refuse(conn, operator, errNotAllowed)
		return
	case p.consoles >= maxConsoles:
		p.refuse(conn, operator, errTooMany)
		return
	}
	p.start(conn, &p.consoles, func() { newConsole(p, conn, operator).serve() })
}

// refuse closes a connection after saying why. The caller holds p.mu.
func (p *Plane) refuse(conn net.Conn, operator peer, why *core.Error) {
	p.logLimit.Do(func() {
		p.cfg.Log.Warn("refused", "reason", "admin", "uid", operator.uid, "pid", operator.pid, "err", why)
	})
	p.start(conn, &p.refused, func() { sendRefusal(conn, why) })
}

// start runs a function that serves conn, in a goroutine. While it runs, it is
// included in count. The caller holds p.mu.
func (p *Plane) start(conn net.Conn, count *int, run func()) {
	p.closers[conn] = true
	*count++
	p.running.Go(func() {
		run()
		conn.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.closers, conn)
		*count--
	})
}

// allows reports whether a process may steer the server. A plugin's worker may
// not, whatever its user is.
func (p *Plane) allows(operator peer) bool {
	if set := p.cfg.Plugins; set != nil && set.Owns(operator.pid) {
		return false
	}
	return operator.uid == 0 || operator.uid == os.Geteuid() || slices.Contains(p.cfg.AllowUIDs, operator.uid)
}

// Close closes the listeners and the consoles. Running commands have a second to
// finish.
func (p *Plane) Close() {
	p.mu.Lock()
	p.closing = true
	for c := range p.closers {
		if ln, ok := c.(net.Listener); ok {
			ln.Close()
		}
	}
	p.mu.Unlock()
	p.close(errClosing)
	defer time.AfterFunc(closeTimeout, p.closeAll).Stop()
	p.running.Wait()
}

func (p *Plane) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.closers {
		c.Close()
	}
}
