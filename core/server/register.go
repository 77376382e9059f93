package server

import (
	"cmp"
	"maps"
	"slices"
)

// register adds a session to the register. It reports false if there can be no
// further session, and none that is told that it is refused either.
func (srv *Server) register(s *session) bool {
	h, most := &s.handle, s.settings.MaxSessions
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if s.refusal == nil && most > 0 && len(srv.sessions)-len(srv.refused) >= most {
		s.setRefusal(errFull)
	}
	if srv.closing || s.refusal != nil && !srv.hasRoomForRefused(h) {
		return false
	}
	srv.lastID++
	h.id = srv.lastID
	srv.sessions[h.id] = h
	if s.refusal != nil {
		srv.refused[h.id] = h
	}
	srv.running.Add(1)
	return true
}

// unregister removes a session from the register.
func (srv *Server) unregister(h *handle) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	delete(srv.sessions, h.id)
	delete(srv.refused, h.id)
}

// handle returns the handle of a session, or nil if there is none.
func (srv *Server) handle(id uint64) *handle {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return srv.sessions[id]
}

// handles returns the handles of all sessions, sorted by id.
func (srv *Server) handles() []*handle {
	srv.mu.Lock()
	all := slices.AppendSeq(make([]*handle, 0, len(srv.sessions)), maps.Values(srv.sessions))
	srv.mu.Unlock()
	slices.SortFunc(all, func(a, b *handle) int { return cmp.Compare(a.id, b.id) })
	return all
}

// candidates returns the handles of the sessions that f can match, sorted by
// id.
func (srv *Server) candidates(f Filter) []*handle {
	id, ok := f.onlyID()
	if !ok {
		return srv.handles()
	}
	if h := srv.handle(id); h != nil {
		return []*handle{h}
	}
	return nil
}
