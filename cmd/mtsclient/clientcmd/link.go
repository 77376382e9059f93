package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"

	"mts/core/client"
)

// dial connects and logs in.
func (a *app) dial(ctx context.Context) (*client.Conn, error) {
	if kicked := a.final.Load(); kicked != nil {
		return nil, *kicked
	}
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
	a.noteKick(err)
	if errors.Is(err, client.ErrLost) {
		err = fmt.Errorf("%w: %w", client.ErrConnect, err)
	}
	return nil, err
}

// A link is one of the parallel connections. It connects when it is first used, and
// again when the connection is lost.
type link struct {
	dial func(context.Context) (*client.Conn, error)
	left func() *persistence // how long to try
	busy atomic.Int32        // number of running files and listings
	dead atomic.Bool         // it won't connect any more

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

// maxCutOff limits the retries of a handshake that was cut off, as a server does
// with clients that it has banned.
const maxCutOff = 3

// redial connects. It retries if the server was connected before, and if a
// handshake was cut off.
func (l *link) redial(ctx context.Context) {
	left := l.left()
	if l.conn == nil {
		left.retries = min(left.retries, maxCutOff)
	}
	for {
		var conn *client.Conn
		if conn, l.err = l.dial(ctx); l.err == nil {
			l.conn = conn
			return
		}
		known := l.conn != nil && errors.Is(l.err, client.ErrConnect)
		if !known && !cutOff(l.err) || !left.wait(ctx, l.err) {
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
