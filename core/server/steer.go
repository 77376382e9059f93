package server

import (
	"errors"
	"time"

	"mts/core"
)

// The errors of what is asked of one session.
var (
	ErrNoSession = errors.New("no such session")
	ErrIdle      = errors.New("no command is running")
)

// Sessions returns a snapshot of all sessions, sorted by id.
func (srv *Server) Sessions() []core.Session {
	var sessions []core.Session
	for _, h := range srv.handles() {
		sessions = append(sessions, h.snapshot())
	}
	return sessions
}

// Rows returns the sessions that f selects, sorted by id.
func (srv *Server) Rows(f Filter) []Row {
	candidates := srv.candidates(f)
	rows := make([]Row, 0, len(candidates))
	for _, h := range candidates {
		if r := h.describe(); f.Match(r) {
			rows = append(rows, r)
		}
	}
	return rows
}

// Notify sends a notice to the sessions that f selects, between two replies.
// It returns the sorted ids of the sessions that will get it: those whose
// clients take notices and that don't have too many waiting.
func (srv *Server) Notify(f Filter, text string) []uint64 {
	return srv.each(f, func(h *handle) bool { return h.notify(text) })
}

// KickAll ends the sessions that f selects within a second, whatever they do,
// and returns their ids, sorted. A client sees the reason, if need be at its next
// login within a minute.
func (srv *Server) KickAll(f Filter, reason string) []uint64 {
	return srv.each(f, func(h *handle) bool {
		srv.kick(h, reason)
		return true
	})
}

// each calls do for the sessions that f selects. It returns the sorted ids of
// those for which do returned true.
func (srv *Server) each(f Filter, do func(*handle) bool) []uint64 {
	ids := []uint64{}
	for _, h := range srv.candidates(f) {
		if f.Match(h.describe()) && do(h) {
			ids = append(ids, h.id)
		}
	}
	return ids
}

func (srv *Server) kick(h *handle, reason string) {
	why := core.Errorf(core.CodeKicked, "Disconnected: %s", reason)
	srv.log(h, "kick", "user", h.snapshot().User, "reason", reason)
	time.AfterFunc(closeTime, func() {
		srv.explainLater(h, why)
		h.conn.Abort()
		srv.unregister(h) // even if its command doesn't heed its context
	})
	h.cancel(why)
	h.endAfterCommand(why)
}

// Abort ends the command that a session runs. The session goes on if the reply
// can still be completed: in stream mode that is as long as no data has been
// sent, in block mode if the peer reads the rest of the block within a second.
// The error is ErrNoSession, or ErrIdle if no command is running.
func (srv *Server) Abort(id uint64) error {
	h := srv.handle(id)
	if h == nil {
		return ErrNoSession
	}
	return h.abort()
}

// SetRate changes the byte rate of a session at once. 0 is no limit. The error
// is ErrNoSession if there is none.
func (srv *Server) SetRate(id uint64, bytesPerSecond int64) error {
	h := srv.handle(id)
	if h == nil || h.limits == nil {
		return ErrNoSession
	}
	h.limits.SetRate(bytesPerSecond)
	return nil
}
