package limit

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"
)

// maxWaiting limits the logins of all clients that wait for their turn.
const maxWaiting = 256

// turns decides which login may compute a slow hash next. A client has one turn
// at a time. Clients that have logged in within trustTime come first, but not
// twice in a row while others wait. Among equals, the client whose last turn is
// the longest ago comes first. Table.mu guards turns.
type turns struct {
	free    int       // hashes that may begin now
	waiting []*client // those that have a login in the queue
	count   int       // logins in the queue, of all clients
	others  bool      // the last turn was a trusted client's
}

// newTurns leaves half of the processors to clients that have logged in.
func newTurns() turns { return turns{free: max(1, runtime.GOMAXPROCS(0)/2)} }

// A queue is what a client has of the turns.
type queue struct {
	logins []chan error // that wait, first come first served
	active bool         // one of them has its turn
	served time.Time    // when the last turn began
}

// Turn waits until the session may compute the slow hash of a password. The caller
// calls EndTurn afterwards, unless Turn returns an error: Busy if too many logins
// wait, or the cause that ended ctx.
func (s *Admission) Turn(ctx context.Context) error {
	t := s.table
	turn := make(chan error, 1)
	t.mu.Lock()
	t.turns.join(time.Now(), s.client, turn)
	t.turns.next(time.Now())
	t.mu.Unlock()
	select {
	case err := <-turn:
		return err
	case <-ctx.Done():
	}
	t.mu.Lock()
	left := t.turns.leave(s.client, turn)
	t.mu.Unlock()
	if !left && <-turn == nil {
		s.EndTurn() // it came at the same time
	}
	return context.Cause(ctx)
}

// EndTurn lets the next login have its turn.
func (s *Admission) EndTurn() {
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	s.client.queue.active = false
	t.turns.free++
	t.turns.next(time.Now())
}

// join adds a login to the queue. If the queue is too long, one login is refused:
// of an untrusted client rather than a trusted one, then of the client that has
// the most logins there.
func (q *turns) join(now time.Time, c *client, turn chan error) {
	if len(c.queue.logins) == 0 {
		q.waiting = append(q.waiting, c)
	}
	c.queue.logins = append(c.queue.logins, turn)
	q.count++
	if q.count <= maxWaiting {
		return
	}
	worst := slices.MaxFunc(q.waiting, func(a, b *client) int {
		return cmp.Or(compareTrust(now, b, a), cmp.Compare(len(a.queue.logins), len(b.queue.logins)))
	})
	last := worst.queue.logins[len(worst.queue.logins)-1]
	q.leave(worst, last)
	last <- Busy
}

// next gives turns to those that come first, as long as any are free.
func (q *turns) next(now time.Time) {
	for q.free > 0 {
		c := q.first(now)
		if c == nil {
			return
		}
		turn := c.queue.logins[0]
		q.leave(c, turn)
		q.free--
		q.others = c.trusted(now)
		c.queue.active, c.queue.served = true, now
		turn <- nil
	}
}

// first returns the client whose turn is next, nil if there is none.
func (q *turns) first(now time.Time) (first *client) {
	for _, c := range q.waiting {
		if c.queue.active {
			continue
		}
		if first == nil || q.compare(now, c, first) < 0 {
			first = c
		}
	}
	return first
}

// compare is negative if a has its turn before b.
func (q *turns) compare(now time.Time, a, b *client) int {
	trust := compareTrust(now, b, a)
	if q.others {
		trust = -trust
	}
	return cmp.Or(trust, a.queue.served.Compare(b.queue.served))
}

// leave takes a login out of the queue. It reports whether it was there.
func (q *turns) leave(c *client, turn chan error) bool {
	i := slices.Index(c.queue.logins, turn)
	if i < 0 {
		return false
	}
	c.queue.logins = slices.Delete(c.queue.logins, i, i+1)
	q.count--
	if len(c.queue.logins) == 0 {
		q.waiting = slices.DeleteFunc(q.waiting, func(other *client) bool { return other == c })
	}
	return true
}

// compareTrust is positive if a is trusted and b isn't.
func compareTrust(now time.Time, a, b *client) int {
	switch trusted := a.trusted(now); {
	case trusted == b.trusted(now):
		return 0
	case trusted:
		return 1
	}
	return -1
}
