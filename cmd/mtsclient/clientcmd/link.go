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

// login logs in on a connection, or closes it. The password is asked for now
// that the server has proved who it is.
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

// A link is one of the parallel connections. It is made when it is needed, and
// anew when it is lost.
type link struct {
	dial    func(context.Context) (*client.Conn, error)
	retries int
	busy    atomic.Int32 // files and listings under way on it
	dead    atomic.Bool  // there will never be a connection again

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

// redial connects. A server that was there before may come back; one that
// never was has to answer, if not to the end.
func (l *link) redial(ctx context.Context) {
	for try := 0; ; try++ {
		var conn *client.Conn
		if conn, l.err = l.dial(ctx); l.err == nil {
			l.conn = conn
			return
		}
		back := l.conn != nil && errors.Is(l.err, client.ErrConnect)
		if !back && !cutOff(l.err) || try >= l.retries || !pause(ctx, try) {
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

// take returns the connection with the least under way, which has more from
// now on. It is a dead one only if all are.
func (a *app) take() *link {
	best := a.links[0]
	for _, l := range a.links {
		if best.dead.Load() || !l.dead.Load() && l.busy.Load() < best.busy.Load() {
			best = l
		}
	}
	best.busy.Add(1)
	return best
}

// pause waits before a new try, each time twice as long, up to 5 s, give or
// take a half, lest many clients come back at once. It reports whether ctx
// goes on.
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

// A try goes on with something on a connection. It reports whether it got on a
// good deal.
type try func(*client.Conn) (got bool, err error)

// persist tries until there is success or no sense in it: at most a.retries
// times in a row without getting on. A try that only waited behind another one
// when the connection broke doesn't count.
func (a *app) persist(ctx context.Context, try try) error {
	l := a.take()
	defer func() { l.busy.Add(-1) }()
	var failure error
	for tries := 0; ; {
		conn, err := l.connection(ctx)
		if err != nil {
			l.busy.Add(-1)
			if l = a.take(); !l.dead.Load() {
				continue
			}
			if failure != nil {
				err = &gaveUp{failure, err}
			}
			return err
		}
		got, err := try(conn)
		switch {
		case err == nil || ctx.Err() != nil || !again(err):
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

// A gaveUp is why a try failed, and why there was no other.
type gaveUp struct{ failure, then error }

func (g *gaveUp) Error() string   { return fmt.Sprintf("%v; then %v", g.failure, g.then) }
func (g *gaveUp) Unwrap() []error { return []error{g.failure, g.then} }
