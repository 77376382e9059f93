// Package logsink writes log lines without making the callers wait.
//
// Lines go into a bounded queue, which one goroutine writes out. If the target is
// a pipe that nobody reads, a full disk or a terminal that is gone, lines are
// lost and counted, but nobody waits.
package logsink

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	limit = 1 << 20     // bytes of lines that wait, beside as many being written
	pause = time.Second // after a write that failed
)

// A Sink is an io.Writer that takes one or more whole lines at a time and returns
// at once. It is safe for concurrent use.
type Sink struct {
	note    func(lost int64) []byte
	dropped atomic.Int64
	wake    chan struct{} // there is something to do
	done    chan struct{} // closed when all lines are written or given up

	mu      sync.Mutex
	target  io.Writer
	version int // of target; Redirect increases it
	waiting []byte
	spare   []byte // buffer to use for waiting next; nil while it is being written
	lost    int64  // lines that were dropped since the last note
	closed  bool
}

// New returns a sink that writes to w, which it doesn't close. After lines were
// lost, it writes the line that note returns as soon as w takes lines again.
func New(w io.Writer, note func(lost int64) []byte) *Sink {
	s := &Sink{note: note, target: w, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go s.run()
	return s
}

// Write queues lines. It never waits and never fails: if the queue is full or the
// sink is closed, the lines are dropped and counted.
func (s *Sink) Write(lines []byte) (int, error) {
	s.mu.Lock()
	if s.closed || len(s.waiting)+len(lines) > limit {
		n := int64(bytes.Count(lines, []byte{'\n'}))
		s.lost += n
		s.dropped.Add(n)
	} else {
		s.waiting = append(s.waiting, lines...)
	}
	s.mu.Unlock()
	s.wakeUp()
	return len(lines), nil
}

// Dropped returns how many lines were lost so far.
func (s *Sink) Dropped() int64 { return s.dropped.Load() }

// Redirect makes w the target of all lines that aren't fully written yet. It
// returns the old target, which the caller may close.
func (s *Sink) Redirect(w io.Writer) (old io.Writer) {
	s.mu.Lock()
	old, s.target = s.target, w
	s.version++
	s.mu.Unlock()
	s.wakeUp()
	return old
}

// Close waits until all lines are written, but not longer than wait. It gives up
// at once if a write fails.
func (s *Sink) Close(wait time.Duration) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.wakeUp()
	select {
	case <-s.done:
	case <-time.After(wait):
	}
}

func (s *Sink) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
