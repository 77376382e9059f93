package server

import (
	"fmt"
	"time"

	"mts/core/wire"
)

// logRefusal counts and logs that the client doesn't get what it asks for. The
// reasons are a few constants.
func (s *session) logRefusal(reason string, args ...any) {
	s.server.counters.countRefusal(reason)
	s.log("refused", append([]any{"reason", reason}, args...)...)
}

// waitForConnectionRate waits until the client may have one more connection.
func (s *session) waitForConnectionRate() error {
	if s.limits == nil {
		return nil
	}
	return s.limits.Wait(s.handle.ctx)
}

// waitForCommandRate waits until the client may have one more command, and tells
// the client once that it is slowed down. If it may not after the longest wait,
// over is how much longer it would have to wait.
func (s *session) waitForCommandRate() (over time.Duration, err error) {
	wait, over := s.limits.Command()
	if wait == 0 {
		return 0, nil
	}
	if rate := s.limits.CommandRate(); rate > 0 && !s.toldRate && s.handle.takesNotices.Load() {
		s.toldRate = true
		s.out.Status(wire.Notice, nil, fmt.Sprintf(" Slowed down: %d commands a second.", rate))
	}
	if err := s.out.Flush(); err != nil {
		return 0, err
	}
	return over, s.limits.Pause(s.handle.ctx, wait)
}

// releaseLimits gives back what the session has of its client's limits.
func (s *session) releaseLimits() {
	if s.limits == nil {
		return
	}
	s.limits.Close(s.fault)
}
