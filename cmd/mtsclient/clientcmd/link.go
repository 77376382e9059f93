package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"mts/core/client"
)

// dial connects and logs in.
func (a *app) dial(ctx context.Context) (*client.Conn, error) {
	conn, err := client.Dial(ctx, a.url(), a.options)
	if err != nil {
		return nil, err
	}
	return a.login(ctx, conn)
}

// login logs in, or closes the connection. The user is asked for the password only
// here, after the server was verified.
func (a *app) login(ctx context.Context, conn *client.Conn) (*client.Conn, error) {
	if a.password == nil {
		return conn, nil
	}
	secret, err := a.password()
	if err == nil {
		err = conn.Login(ctx, a.user, secret)
	}
	if err == nil {
		return conn, nil
	}
	conn.Close()
	if errors.Is(err, client.ErrLost) {
		err = fmt.Errorf("%w: %w", client.ErrConnect, err)
	}
	return nil, err
}

// A link is one of the parallel connections. It connects when it is first used, and
// again when the connection is lost.
type link struct {
	dial    func(context.Context) (*client.Conn, error)
	retries int
	busy    atomic.Int32 // number of running files and listings
	dead    atomic.Bool  // it won't connect any more

	mu   sync.Mutex
	conn *client.Conn
	err  error // why it is dead
}

// connection returns a connection that isn't known to be lost.
func (l *link) connection(ctx context.Context) (*client.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil && (l.conn == nil || l.conn.Err() != nil) {
		l.redial(ctx)
	}
	return l.conn, l.err
}

// redial connects. It retries if the server was connected before, and if a
// handshake was cut off.
func (l *link) redial(ctx context.Context) {
	for try := 0; ; try++ {
		var conn *client.Conn
		if conn, l.err = l.dial(ctx); l.err == nil {
			l.conn = conn
			return
		}
		known := l.conn != nil && errors.Is(l.err, client.ErrConnect)
		if !known && !cutOff(l.err) || try >= l.retries || !pause(ctx, try) {
			l.dead.Store(true)
			return
		}
	}
}

// cutOff reports whether a handshake ended because the connection did.
func cutOff(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func (l *link) close() {
	if l.conn != nil {
		l.conn.Close()
	}
}

// leastBusy returns the link with the fewest files and listings and counts one more
// for it. It returns a dead link only if all are dead.
func (a *app) leastBusy() *link {
	best := a.links[0]
	for _, l := range a.links {
		if best.dead.Load() || !l.dead.Load() && l.busy.Load() < best.busy.Load() {
			best = l
		}
	}
	best.busy.Add(1)
	return best
}

// pause waits before a retry: each time twice as long, at most 5 s, and between
// half and one and a half of that, so that many clients don't return at once. It
// returns false if ctx has ended.
func pause(ctx context.Context, try int) bool {
	d := min(200*time.Millisecond<<min(try, 10), 5*time.Second)
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// An attempt does something on a connection. It reports whether it made headway.
type attempt func(*client.Conn) (got bool, err error)

// retry calls try until it succeeds or a retry makes no sense: at most a.retries
// times in a row without headway. An attempt whose reply hadn't begun when the
// connection was lost doesn't count.
func (a *app) retry(ctx context.Context, try attempt) error {
	l := a.leastBusy()
	defer func() { l.busy.Add(-1) }()
	var failure error
	for tries := 0; ; {
		conn, err := l.connection(ctx)
		if err != nil {
			l.busy.Add(-1)
			if l = a.leastBusy(); !l.dead.Load() {
				continue
			}
			if failure != nil {
				err = &gaveUp{failure, err}
			}
			return err
		}
		got, err := try(conn)
		switch {
		case err == nil || ctx.Err() != nil || !retryable(err):
			return err
		case errors.Is(err, client.ErrQueued):
			continue
		case got:
			tries = 0
		}
		if tries >= a.retries || !pause(ctx, tries) {
			return err
		}
		failure = err
		tries++
	}
}

// A gaveUp says why an attempt failed, and why there was no further one.
type gaveUp struct{ failure, then error }

func (g *gaveUp) Error() string   { return fmt.Sprintf("%v; then %v", g.failure, g.then) }
func (g *gaveUp) Unwrap() []error { return []error{g.failure, g.then} }
