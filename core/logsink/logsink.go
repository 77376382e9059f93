// Package logsink writes log lines without making those wait who log.
//
// A line goes into a bounded queue, and one goroutine writes the queue out. A
// pipe that nobody reads, a full disk or a terminal that is gone costs lines,
// which are counted, and never time.
package logsink

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// limit is how many bytes of lines wait, beside as many being written.
	limit = 1 << 20
	// pause is how long a target is left alone after an error.
	pause = time.Second
)

// A Sink is an io.Writer that takes one or more whole lines at a time and is
// done with them at once. It is safe for concurrent use.
type Sink struct {
	note    func(lost int64) []byte
	dropped atomic.Int64
	wake    chan struct{} // there is something to do
	done    chan struct{} // closed when the last line is written, or given up

	mu      sync.Mutex
	target  io.Writer
	turn    int // of targets, counted
	waiting []byte
	spare   []byte // the queue's other buffer, while nothing is being written
	lost    int64  // lines that were dropped since the last note
	closed  bool
}

// New returns a sink that writes to w, which it doesn't close. Where lines were
// lost it writes the line that note returns, as soon as w takes lines again.
func New(w io.Writer, note func(lost int64) []byte) *Sink {
	s := &Sink{note: note, target: w, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go s.run()
	return s
}

// Write queues lines. It neither waits nor fails: when the queue is full or the
// sink closed, the lines are dropped and counted.
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
	s.nudge()
	return len(lines), nil
}

// Dropped returns how many lines were lost so far.
func (s *Sink) Dropped() int64 { return s.dropped.Load() }

// Redirect makes w the target of all lines that aren't fully written yet, and
// returns the old one, which the caller may close.
func (s *Sink) Redirect(w io.Writer) (old io.Writer) {
	s.mu.Lock()
	old, s.target = s.target, w
	s.turn++
	s.mu.Unlock()
	s.nudge()
	return old
}

// Close waits until all lines are written, for as long as wait at most. A
// target that fails is given up at once.
func (s *Sink) Close(wait time.Duration) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.nudge()
	select {
	case <-s.done:
	case <-time.After(wait):
	}
}

func (s *Sink) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
