package limit

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// The bytes that a session takes from a bucket at a time.
const (
	minQuantum = 16 << 10
	maxQuantum = 256 << 10
)

// A bucket is a token bucket of bytes. The zero value has no limit. Its rate may
// change while sessions wait for it.
type bucket struct {
	rate atomic.Int64 // bytes a second, 0: no limit

	mu      sync.Mutex
	limiter *rate.Limiter // nil: no limit
	quantum int64
	changed chan struct{} // closed when limiter is replaced
}

// set changes the rate, in bytes a second. It takes effect at once, for waiting
// sessions too.
func (b *bucket) set(bytesPerSecond int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rate.Load() == bytesPerSecond {
		return
	}
	b.rate.Store(bytesPerSecond)
	if b.changed != nil {
		close(b.changed)
	}
	b.limiter, b.changed = nil, nil
	if bytesPerSecond == 0 {
		return
	}
	b.changed = make(chan struct{})
	b.quantum = max(1, min(max(bytesPerSecond/50, minQuantum), maxQuantum, bytesPerSecond/10))
	burst := int(min(max(2*b.quantum, bytesPerSecond/20), max(1, bytesPerSecond)))
	b.limiter = rate.NewLimiter(rate.Limit(bytesPerSecond), burst)
	b.limiter.AllowN(time.Now(), burst)
}

// A share holds the bytes that one session has taken from a bucket and not used.
type share struct {
	bucket *bucket
	from   *rate.Limiter // the limiter these bytes were taken from; nil: no limit
	left   int64
}

// upTo returns how many of n bytes may be sent, at least one. It waits until then.
func (s *share) upTo(ctx context.Context, n int64, waits *Waits, session *atomic.Int64) (int64, error) {
	for s.bucket.rate.Load() != 0 {
		limiter, quantum, changed := s.bucket.current()
		if limiter == nil {
			break
		}
		if s.from == limiter && s.left > 0 {
			return min(n, s.left), nil
		}
		now := time.Now()
		r := limiter.ReserveN(now, int(quantum))
		ready, err := waits.wait(ctx, r.DelayFrom(now), changed, session)
		if err != nil {
			r.Cancel()
			return 0, err
		}
		if ready {
			s.from, s.left = limiter, quantum
		}
	}
	s.from = nil
	return n, nil
}

// current returns the limiter, nil without a limit, what a session takes from it
// at a time, and a channel that is closed when it is replaced.
func (b *bucket) current() (limiter *rate.Limiter, quantum int64, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.limiter, b.quantum, b.changed
}

// use subtracts n bytes, which upTo has allowed.
func (s *share) use(n int64) {
	if s.from != nil {
		s.left -= n
	}
}

// Waits counts the waits and their total time.
type Waits struct {
	Count       atomic.Int64
	Nanoseconds atomic.Int64
}

// wait waits for d. It returns true after that time, and false if changed is closed
// earlier. It adds the nanoseconds to session, too.
func (w *Waits) wait(ctx context.Context, d time.Duration, changed <-chan struct{}, session *atomic.Int64) (bool, error) {
	if d <= 0 {
		return true, context.Cause(ctx)
	}
	start := time.Now()
	defer func() {
		waited := int64(time.Since(start))
		w.Count.Add(1)
		w.Nanoseconds.Add(waited)
		session.Add(waited)
	}()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true, nil
	case <-changed:
		return false, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// A gate limits the rate of events, such as commands. The zero value has no limit.
type gate struct {
	limiter atomic.Pointer[rate.Limiter] // nil: no limit
}

// set changes the rate, in events a second; 0 is no limit. The burst is the events
// of one second.
func (g *gate) set(perSecond int) {
	switch l := g.limiter.Load(); {
	case perSecond == 0:
		g.limiter.Store(nil)
	case l == nil:
		g.limiter.Store(rate.NewLimiter(rate.Limit(perSecond), perSecond))
	default:
		l.SetLimit(rate.Limit(perSecond))
		l.SetBurst(perSecond)
	}
}

// use counts n events, or as many as delay the next one by longest.
func (g *gate) use(now time.Time, n int, longest time.Duration) {
	for range n {
		g.pass(now, longest)
	}
}

// rate returns the rate, in events a second; 0 is no limit.
func (g *gate) rate() int {
	if l := g.limiter.Load(); l != nil {
		return int(l.Limit())
	}
	return 0
}

// pass returns how long the next event has to wait. If that is more than longest,
// the event isn't counted, and ok is false.
func (g *gate) pass(now time.Time, longest time.Duration) (wait time.Duration, ok bool) {
	l := g.limiter.Load()
	if l == nil {
		return 0, true
	}
	r := l.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > longest {
		r.CancelAt(now)
		return wait, false
	}
	return wait, true
}
