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
			s.reuse(batch)
		}
		if s.isClosed() {
			return
		}
	}
}

// take removes and returns the lines that wait, and a note if lines were lost.
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

// reuse keeps the buffer of a batch that has been written.
func (s *Sink) reuse(batch []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare = batch
}

// deliver writes a batch. After an error it continues with the first byte that
// wasn't written, so that no line is lost or written twice. After Redirect it
// writes the line that was interrupted to the new target, from its beginning.
func (s *Sink) deliver(batch []byte) {
	target, version := s.current()
	for at := 0; at < len(batch); {
		n, err := target.Write(batch[at:])
		at += n
		if err != nil && !s.retryLater(version) {
			return
		}
		if w, now := s.current(); now != version {
			target, version = w, now
			at = bytes.LastIndexByte(batch[:at], '\n') + 1
		}
	}
}

// retryLater waits for the pause to end, or until there is a newer target than
// that of version. It returns false if the sink is closed already, and true if
// the write is to be tried again.
func (s *Sink) retryLater(version int) bool {
	if s.isClosed() {
		return false
	}
	until := time.After(pause)
	for !s.isClosed() {
		if _, now := s.current(); now != version {
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

func (s *Sink) current() (target io.Writer, version int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.target, s.version
}

func (s *Sink) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}
