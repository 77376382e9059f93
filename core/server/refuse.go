package server

import (
	"errors"

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
	if refusal == limit.Banned {
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
		if other.client == h.client {
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
