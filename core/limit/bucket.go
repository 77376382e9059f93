package limit

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// What one session takes of a bucket at a time, in bytes.
const (
	minQuantum = 16 << 10
	maxQuantum = 256 << 10
)

// A bucket holds bytes. The zero value has no limit. Its rate may change while
// others wait.
type bucket struct {
	rate atomic.Int64 // bytes a second, 0: no limit

	mu      sync.Mutex
	limiter *rate.Limiter // nil: no limit
	quantum int64
	changed chan struct{} // closed when limiter isn't the one any more
}

// set changes the rate, in bytes a second. Those who wait do so at the new one
// at once.
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

// A share is what one session has taken of a bucket and not yet used.
type share struct {
	*bucket
	of   *rate.Limiter // it was taken of
	left int64
}

// upTo returns how many of n bytes may go, at least one. It waits for them.
func (s *share) upTo(ctx context.Context, n int64, waits *Waits) (int64, error) {
	for s.rate.Load() != 0 {
		s.mu.Lock()
		limiter, quantum, changed := s.limiter, s.quantum, s.changed
		s.mu.Unlock()
		if limiter == nil {
			break
		}
		if s.of == limiter && s.left > 0 {
			return min(n, s.left), nil
		}
		now := time.Now()
		r := limiter.ReserveN(now, int(quantum))
		ready, err := waits.until(ctx, r.DelayFrom(now), changed)
		if err != nil {
			r.Cancel()
			return 0, err
		}
		if ready {
			s.of, s.left = limiter, quantum
		}
	}
	s.of = nil
	return n, nil
}

// use takes off n bytes that upTo has let go.
func (s *share) use(n int64) {
	if s.of != nil {
		s.left -= n
	}
}

// Waits counts how often, and for how long in all, somebody had to wait.
type Waits struct {
	Count       atomic.Int64
	Nanoseconds atomic.Int64
}

// until waits for d. It reports whether that time has passed, rather than
// changed been closed.
func (w *Waits) until(ctx context.Context, d time.Duration, changed <-chan struct{}) (bool, error) {
	if d <= 0 {
		return true, context.Cause(ctx)
	}
	start := time.Now()
	defer func() {
		w.Count.Add(1)
		w.Nanoseconds.Add(int64(time.Since(start)))
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

// A gate lets things through one by one, at a rate. The zero value has no
// limit.
type gate struct {
	limiter atomic.Pointer[rate.Limiter] // nil: no limit
}

// set changes the rate, in things a second, 0 for no limit. As many may come
// at once.
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

// pass returns how long the next one has to wait for its turn. If that is more
// than longest, it doesn't get one.
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
