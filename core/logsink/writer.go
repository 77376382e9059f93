package logsink

import (
	"bytes"
	"io"
	"time"
)

// run is the goroutine that writes.
func (s *Sink) run() {
	defer close(s.done)
	for range s.wake {
		for batch := s.take(); len(batch) > 0; batch = s.take() {
			s.deliver(batch)
			s.giveBack(batch)
		}
		if s.ending() {
			return
		}
	}
}

// take returns what waits, with a note of what was lost behind it.
func (s *Sink) take() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := s.waiting
	s.waiting, s.spare = s.spare[:0], nil
	if s.lost > 0 {
		batch = append(batch, s.note(s.lost)...)
		s.lost = 0
	}
	return batch
}

func (s *Sink) giveBack(batch []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare = batch
}

// deliver writes a batch. After a fault it goes on where it stopped, so that no
// two lines are glued together; in a new target, with the line that was torn.
func (s *Sink) deliver(batch []byte) {
	target, turn := s.current()
	for at := 0; at < len(batch); {
		n, err := target.Write(batch[at:])
		at += n
		if err != nil && !s.rest(turn) {
			return
		}
		if w, now := s.current(); now != turn {
			target, turn = w, now
			at = bytes.LastIndexByte(batch[:at], '\n') + 1
		}
	}
}

// rest waits a while, unless there is another target than that of turn or the
// sink is being closed. It reports whether to try once more.
func (s *Sink) rest(turn int) bool {
	if s.ending() {
		return false
	}
	until := time.After(pause)
	for !s.ending() {
		if _, now := s.current(); now != turn {
			break
		}
		select {
		case <-s.wake:
		case <-until:
			return true
		}
	}
	return true
}

func (s *Sink) current() (target io.Writer, turn int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.target, s.turn
}

func (s *Sink) ending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}
