package server

import (
	"time"

	"mts/core/limit"
)

// admit asks the client's limits whether the session may exist.
func (s *session) admit() {
	var err error
	if s.limits, err = s.server.cfg.Limits.Admit(s.handle.client); err != nil {
		s.setRefusal(err)
		return
	}
	s.handle.limits = s.limits
}

// waitForConnectionRate waits until the client may have one more connection.
func (s *session) waitForConnectionRate() error {
	if s.limits == nil {
		return nil
	}
	return s.limits.Wait(s.handle.ctx)
}

// waitForCommandRate waits until the client may have one more command. If it
// may not after the longest wait, over is how much longer it would have to
// wait.
func (s *session) waitForCommandRate() (over time.Duration, err error) {
	wait, over := s.limits.Command()
	if wait == 0 {
		return 0, nil
	}
	if err := s.out.Flush(); err != nil {
		return 0, err
	}
	return over, s.limits.Pause(s.handle.ctx, wait)
}

// addPenalty makes the session cost its client p, unless it costs more already.
func (s *session) addPenalty(p limit.Penalty) { s.penalty = max(s.penalty, p) }

// releaseLimits gives back what the session has of its client's limits.
func (s *session) releaseLimits() {
	if s.limits == nil {
		return
	}
	if s.handle.mustEnd() == nil {
		s.addPenalty(limit.NoLogin)
	}
	s.limits.Close(s.penalty)
}
