package server

import (
	"context"
	"time"
)

// A session of a retired server that has had nothing to do for restTime is
// asked to leave.
const (
	restTime   = time.Second
	restPeriod = 50 * time.Millisecond
)

// Retire is Shutdown for a server whose successor has the same listeners: the
// connections that were accepted are served as before, so that no client is
// turned away that couldn't know. A session ends when its client ends it, or
// has been silent for a second, or when ctx ends.
func (s *Server) Retire(ctx context.Context) error {
	s.mu.Lock()
	s.retiring = true
	for ln := range s.listeners {
		ln.Close()
	}
	s.mu.Unlock()
	tick := time.NewTicker(restPeriod)
	defer tick.Stop()
	for !s.deserted() && ctx.Err() == nil {
		for _, c := range s.all() {
			if c.rests() {
				c.leave(errShutdown)
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return s.Shutdown(ctx)
}

// deserted reports whether nothing is accepted any more and no session is left.
func (s *Server) deserted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.listeners)+len(s.sessions) == 0
}

// rests reports whether the session has waited for a command for restTime.
func (c *session) rests() bool {
	switch state(c.state.Load()) {
	case stateLogin, stateIdle:
		return time.Since(time.Unix(0, c.active.Load())) >= restTime
	}
	return false
}
