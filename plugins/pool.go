package plugins

import (
	"context"
	"errors"
	"slices"
	"time"

	"mts/core"
)

// A pool is the instances of a generation. One is kept, even when it dies; more
// are started while calls wait, and end when they have been idle for long. The
// generation's mutex guards it.
type pool struct {
	all      []*instance // that are loaded, the oldest first
	idle     []*instance // of these, the one used last at the end
	waiting  []chan *instance
	starting int // processes
	loading  int // instances whose plugin is loaded anew
	reaping  bool
	backoff  time.Duration // before the next start
	notUntil time.Time     // of the next start
}

var errNoWorker = errors.New("its worker is being restarted")

// take returns an idle instance, or waits for one.
func (g *generation) take(ctx context.Context) (*instance, error) {
	g.mu.Lock()
	if n := len(g.idle); n > 0 {
		i := g.idle[n-1]
		g.idle = g.idle[:n-1]
		g.mu.Unlock()
		return i, nil
	}
	turn := make(chan *instance, 1)
	g.waiting = append(g.waiting, turn)
	g.grow()
	g.mu.Unlock()
	began := time.Now()
	timer := time.NewTimer(g.plugin.set.cfg.Timeout)
	defer timer.Stop()
	for {
		var err error
		select {
		case i := <-turn:
			return i, nil
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-timer.C:
			rest := awaitTime - time.Since(began)
			if len(g.processes()) == 0 && rest > 0 {
				timer.Reset(rest)
				continue
			}
			err = g.busyError()
		}
		g.giveUp(turn)
		return nil, err
	}
}

// busyError returns why there was no instance in time.
func (g *generation) busyError() error {
	if len(g.processes()) == 0 {
		return failed(errNoWorker)
	}
	return errBusy
}

// giveUp takes a call out of those that wait, or gives back what it got
// meanwhile.
func (g *generation) giveUp(turn chan *instance) {
	g.mu.Lock()
	g.waiting = slices.DeleteFunc(g.waiting, func(c chan *instance) bool { return c == turn })
	g.mu.Unlock()
	select {
	case i := <-turn:
		g.put(i)
	default:
	}
}

// put gives an instance to the call that waits longest, or makes it idle.
func (g *generation) put(i *instance) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !slices.Contains(g.all, i): // it died
	case len(g.waiting) > 0:
		g.waiting[0] <- i
		g.waiting = g.waiting[1:]
	case g.over():
		g.end([]*instance{i})
	default:
		i.since = time.Now()
		g.idle = append(g.idle, i)
		g.reapLater()
	}
}

// grow starts a process if more calls wait than instances are being started. The
// caller holds mu.
func (g *generation) grow() {
	if len(g.waiting) <= g.starting+g.loading || g.starting+len(g.all) >= g.plugin.set.cfg.Instances {
		return
	}
	g.startLater()
}

// startLater starts an instance in the background. The caller holds mu.
func (g *generation) startLater() {
	g.starting++
	g.plugin.set.running.Go(g.startInstance)
}

// startInstance starts an instance, after the back-off. While there is none at all, or
// calls wait, it tries again and again.
func (g *generation) startInstance() {
	for {
		g.mu.Lock()
		wait := time.Until(g.notUntil)
		g.mu.Unlock()
		select {
		case <-g.ended:
			return
		case <-time.After(wait):
		}
		i, _, err := g.launch()
		if err == nil {
			g.add(i)
			g.put(i)
		} else {
			g.plugin.log().Error("plugin", "event", "restart", "err", err)
		}
		if !g.startAgain(err) {
			return
		}
	}
}

// startAgain reports whether a start that ended with err is to be repeated.
func (g *generation) startAgain(err error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.delay(0)
	}
	if err != nil && !g.over() && (len(g.all)+g.starting == 1 || len(g.waiting) > 0) {
		return true
	}
	g.starting--
	return false
}

// delay sets the time before the next start. It doubles each time an instance
// dies early. The caller holds mu.
func (g *generation) delay(lived time.Duration) {
	if lived > longLife {
		g.backoff = 0
	}
	g.notUntil = time.Now().Add(g.backoff)
	g.backoff = min(max(2*g.backoff, firstBackoff), maxBackoff)
}

// add adds an instance, until its process is gone.
func (g *generation) add(i *instance) {
	g.mu.Lock()
	g.all = append(g.all, i)
	g.mu.Unlock()
	g.plugin.set.running.Go(func() {
		<-i.exited
		g.remove(i)
	})
}

// remove forgets an instance that has ended, and replaces it if it is needed.
func (g *generation) remove(i *instance) {
	g.mu.Lock()
	defer g.mu.Unlock()
	same := func(other *instance) bool { return other == i }
	g.all, g.idle = slices.DeleteFunc(g.all, same), slices.DeleteFunc(g.idle, same)
	if reason := i.reason(); reason != nil {
		g.plugin.log().Error("plugin", "event", "died", "err", reason)
		g.delay(time.Since(i.began))
		if !g.over() && len(g.all)+g.starting == 0 {
			g.startLater()
		}
	}
	g.grow()
}

// restart stops the call that runs in an instance, and gives the instance back
// when the plugin is loaded anew.
func (g *generation) restart(i *instance, why *core.Error) {
	if !i.stop(why) {
		return
	}
	g.mu.Lock()
	g.loading++
	g.mu.Unlock()
	g.plugin.set.running.Go(func() {
		_, err := i.waitLoaded(g.plugin.set.closing)
		g.mu.Lock()
		g.loading--
		g.mu.Unlock()
		if err != nil {
			i.kill(err)
			return
		}
		g.put(i)
	})
}

// reapLater has instances that stay idle end. The caller holds mu.
func (g *generation) reapLater() {
	if len(g.all) > 1 && !g.reaping {
		g.reaping = true
		time.AfterFunc(idleTime, g.reap)
	}
}

// reap ends the instances that have been idle for long, but for the last one.
func (g *generation) reap() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reaping = false
	if g.over() {
		return
	}
	n := 0
	for n < len(g.idle) && n < len(g.all)-1 && time.Since(g.idle[n].since) >= idleTime {
		n++
	}
	g.end(g.idle[:n])
	g.idle = slices.Clone(g.idle[n:])
	g.reapLater()
}
