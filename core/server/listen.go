package server

import (
	"errors"
	"net"
	"time"

	"mts/core/limit"
)

// ErrServerClosed is returned by Serve after Shutdown or Close.
var ErrServerClosed = errors.New("server closed")

// Serve accepts connections on ln, without TLS, until the server is shut down.
// It closes ln, and never returns nil.
func (s *Server) Serve(ln net.Listener) error { return s.serve(ln, false) }

// ServeTLS is Serve for a listener whose connections begin with a handshake.
func (s *Server) ServeTLS(ln net.Listener) error {
	if s.settings.Load().TLS == nil {
		ln.Close()
		return errors.New("a TLS listener needs a TLS configuration")
	}
	return s.serve(ln, true)
}

// serve accepts for ever: a lack of descriptors or memory passes, and so do
// connections that were gone before they were accepted.
func (s *Server) serve(ln net.Listener, secure bool) error {
	defer ln.Close()
	if !s.track(ln) {
		return ErrServerClosed
	}
	defer s.untrack(ln)
	var delay time.Duration
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			delay = 0
			s.ServeConn(nc, secure)
		case s.isClosing():
			return ErrServerClosed
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			delay = min(max(2*delay, 5*time.Millisecond), time.Second)
			s.rarelyAccept.Do(func() {
				s.cfg.Log.Error("accept", "listener", ln.Addr().String(), "err", err)
			})
			time.Sleep(delay)
		}
	}
}

// ServeConn starts a session on nc and returns at once.
func (s *Server) ServeConn(nc net.Conn, secure bool) {
	c := s.register(nc, secure)
	if c == nil {
		nc.Close()
		return
	}
	go c.open()
}

func (s *Server) track(ln net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || s.retiring {
		return false
	}
	s.listeners[ln] = true
	return true
}

func (s *Server) untrack(ln net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, ln)
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing || s.retiring
}

// register makes nc a session, or returns nil if there can't be one more, nor
// one that is told that it is refused.
func (s *Server) register(nc net.Conn, secure bool) *session {
	c := newSession(s, nc, secure)
	var err error
	if c.limits, err = s.cfg.Limits.Admit(limit.Address(nc.RemoteAddr())); err != nil {
		c.turnAway(err)
	}
	if !s.add(c) {
		c.release()
		s.refuseUnheard(c)
		return nil
	}
	return c
}

// add puts a session on the register. It reports whether that could be.
func (s *Server) add(c *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if most := s.settings.Load().MaxSessions; c.refusal == nil && most > 0 && len(s.sessions)-len(s.refused) >= most {
		c.turnAway(errFull)
	}
	if s.closing || c.refusal != nil && !s.canTell(c) {
		return false
	}
	s.lastID++
	c.id = s.lastID
	s.sessions[c.id] = c
	if c.refusal != nil {
		s.refused[c.id] = c
	}
	s.running.Add(1)
	return true
}

// forget takes a session off the register.
func (s *Server) forget(c *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c.id)
	delete(s.refused, c.id)
}
