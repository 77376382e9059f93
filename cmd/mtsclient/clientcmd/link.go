package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"mts/core/client"
)

// retries is how often a broken connection is made anew, and how often a file
// that broke off is asked for again.
const retries = 3

// A dialer connects and logs in.
type dialer func(context.Context) (*client.Conn, error)

// dialer returns how to reach the server, once there is a password for it.
func (a *app) dialer() (dialer, error) {
	o, err := a.options()
	if err != nil {
		return nil, err
	}
	password, login, err := a.password()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (*client.Conn, error) {
		conn, err := client.Dial(ctx, a.url(), o)
		if err != nil || !login {
			return conn, err
		}
		err = conn.Login(ctx, a.user, password)
		if err == nil {
			return conn, nil
		}
		conn.Close()
		if errors.Is(err, client.ErrLost) {
			err = fmt.Errorf("%w: %w", client.ErrConnect, err)
		}
		return nil, err
	}, nil
}

// A link is one of the parallel connections. It is made anew when it is lost.
type link struct {
	dial dialer

	mu   sync.Mutex
	conn *client.Conn
	err  error // why there will never be one again
}

// get returns a connection that isn't known to be lost.
func (l *link) get(ctx context.Context) (*client.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil && l.conn.Err() != nil {
		l.redial(ctx)
	}
	return l.conn, l.err
}

func (l *link) redial(ctx context.Context) {
	for try := range retries {
		if l.err = sleep(ctx, try); l.err != nil {
			return
		}
		var conn *client.Conn
		if conn, l.err = l.dial(ctx); l.err == nil {
			l.conn = conn
		}
		if !errors.Is(l.err, client.ErrConnect) {
			return
		}
	}
}

func (l *link) close() {
	if l.conn != nil {
		l.conn.Close()
	}
}

// sleep waits before a new try: each time twice as long, up to 5 s, give or
// take a half, lest many clients come back at once.
func sleep(ctx context.Context, try int) error {
	d := min(200*time.Millisecond<<try, 5*time.Second)
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
