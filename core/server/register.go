package server

import (
	"cmp"
	"maps"
	"slices"
)

// register adds a session to the register. The error is ErrServerClosed, or
// errFull if there are as many sessions as allowed. Refused ones, which are few,
// don't count.
func (srv *Server) register(s *session) error {
	h, most := &s.handle, s.settings.MaxSessions
	srv.mu.Lock()
	defer srv.mu.Unlock()
	switch {
	case srv.closing:
		return ErrServerClosed
	case h.refused:
		srv.refused++
	case most > 0 && len(srv.sessions)-srv.refused >= most:
		return errFull
	}
	srv.lastID++
	h.id = srv.lastID
	srv.sessions[h.id] = h
	srv.running.Add(1)
	return nil
}

// startRunning has Shutdown wait for srv.running.Done, unless the server is
// closing.
func (srv *Server) startRunning() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if !srv.closing {
		srv.running.Add(1)
	}
	return !srv.closing
}

// unregister removes a session from the register.
func (srv *Server) unregister(h *handle) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.sessions[h.id] == h && h.refused {
		srv.refused--
	}
	delete(srv.sessions, h.id)
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
