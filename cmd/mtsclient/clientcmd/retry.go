package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"mts/core"
	"mts/core/client"
)

// maxChanged limits how often a file is fetched anew because it changes.
const maxChanged = 3

// An attempt does something on a connection. It reports whether it got further than
// earlier attempts.
type attempt func(*client.Conn) (got bool, err error)

// retry calls try until it succeeds, a retry makes no sense, or the time and the
// number that the user allows are over. An attempt whose reply hadn't begun when
// the connection was lost doesn't count.
func (a *app) retry(ctx context.Context, try attempt) error {
	l := a.leastBusy()
	defer func() { l.busy.Add(-1) }()
	left := a.newPersistence()
	var failure error
	for {
		conn, err := l.connection(ctx)
		if err != nil {
			l.busy.Add(-1)
			if l = a.leastBusy(); !l.dead.Load() {
				continue
			}
			if failure != nil {
				err = &retryError{failure, err}
			}
			return err
		}
		got, err := try(conn)
		switch {
		case err == nil || ctx.Err() != nil || !retryable(err):
			a.noteKick(err)
			return err
		case errors.Is(err, client.ErrQueued):
			continue
		case got:
			left.renew()
		}
		if !left.wait(ctx, err) {
			return err
		}
		a.detail("%v; trying again", err)
		failure = err
	}
}

// A persistence says how long something is tried again: at most retries times in a
// row, and until a time has passed in which nothing arrived.
type persistence struct {
	retries int
	span    time.Duration
	since   time.Time
	tries   int
	changes int
}

func (a *app) newPersistence() *persistence {
	return &persistence{retries: a.retries, span: time.Duration(a.retryFor), since: time.Now()}
}

// renew begins anew, because something has arrived.
func (p *persistence) renew() { p.tries, p.since = 0, time.Now() }

// wait waits before the next try after an error. It returns false if there is none.
func (p *persistence) wait(ctx context.Context, err error) bool {
	if isCode(err, core.CodeChanged) {
		p.changes++
	}
	if p.tries >= p.retries || p.changes > maxChanged || time.Since(p.since) >= p.span || !pause(ctx, p.tries) {
		return false
	}
	p.tries++
	return true
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

// noteKick ends all connections after a kick, which is meant for the whole client.
func (a *app) noteKick(err error) {
	if isCode(err, core.CodeKicked) {
		a.final.CompareAndSwap(nil, &err)
	}
}

// A retryError says why an attempt failed, and why there was no further one.
type retryError struct{ failure, then error }

func (g *retryError) Error() string   { return fmt.Sprintf("%v; then %v", g.failure, g.then) }
func (g *retryError) Unwrap() []error { return []error{g.failure, g.then} }

// A targetError is an error of the target. A retry wouldn't help.
type targetError struct{ error }

func (b targetError) Unwrap() error { return b.error }

// retryable reports whether a retry may succeed.
func retryable(err error) bool {
	var b targetError
	if errors.As(err, &b) {
		return false
	}
	var refusal *core.Error
	if errors.As(err, &refusal) {
		switch refusal.Code {
		case core.CodeKicked:
			return false
		case core.CodeChanged, core.CodeTimeout, core.CodeShuttingDown, core.CodeBusy, core.CodeRateLimited:
			return true
		}
	}
	return errors.Is(err, client.ErrLost)
}
