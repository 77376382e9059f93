package server

import (
	"errors"
	"time"

	"mts/core"
	"mts/core/limit"
)

// errFull refuses a connection because there are as many sessions as allowed.
var errFull = errors.New("busy")

// What the client of a refused session sees.
var (
	errTooMany = core.Errorf(core.CodeBusy, "Too many connections.")
	errBanned  = core.Errorf(core.CodeBanned, "Try again later.")
)

// setRefusal makes a new session one that is only told that it is refused.
func (s *session) setRefusal(why error) {
	s.refusal = why
	s.handle.endReason.Store(refusalError(why))
}

// refusalError is what the client sees of a refusal.
func refusalError(refusal error) *core.Error {
	if errors.Is(refusal, limit.Banned) {
		return errBanned
	}
	return errTooMany
}

// How many refused sessions may wait to be told: of all clients, and of one.
const (
	maxRefused          = 256
	maxRefusedPerClient = 64
)

// hasRoomForRefused reports whether a refused session may have a goroutine,
// and under TLS a handshake, to be told why. The caller holds srv.mu.
func (srv *Server) hasRoomForRefused(h *handle) bool {
	if len(srv.refused) >= maxRefused {
		return false
	}
	same := 0
	for _, other := range srv.refused {
		if other.client() == h.client() {
			same++
		}
	}
	return same < maxRefusedPerClient
}

// logRefusal counts and logs that the client doesn't get what it asks for. The
// reasons are a few constants.
func (s *session) logRefusal(reason string, args ...any) {
	s.server.counters.countRefusal(reason)
	s.log("refused", append([]any{"reason", reason}, args...)...)
}

// logUntoldRefusal is logRefusal for a connection that is closed without a
// word. They come in floods, so not each of them has a line in the log.
func (s *session) logUntoldRefusal() {
	if s.refusal == nil {
		return // the server is closing
	}
	reason := s.refusal.Error()
	s.server.counters.countRefusal(reason)
	s.server.rarely.accept.Do(func() { s.log("refused", "reason", reason, "told", false) })
}

// admit asks the client's limits whether the session may exist.
func (s *session) admit() {
	var err error
	if s.limits, err = s.server.cfg.Limits.Admit(s.handle.client()); err != nil {
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
