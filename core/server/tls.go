package server

import (
	"crypto/tls"
	"errors"
	"net"
	"time"

	"mts/core/names"
	"mts/core/wire"
)

// handshake makes the connection one with TLS.
func (s *session) handshake() error {
	timer := time.AfterFunc(s.settings.Timeouts.Handshake, s.conn.Abort)
	err := s.conn.Handshake(s.settings.TLS)
	if err != nil && !timer.Stop() {
		err = errTimeout
		s.fault = true
	}
	timer.Stop()
	switch {
	case err == nil:
		s.server.counters.countHandshake(s.conn.TLS())
		return nil
	case errors.As(err, new(tls.RecordHeaderError)):
		s.fault = true
	}
	if s.refusal == nil {
		s.logRefusal("handshake", "err", err)
	}
	return err
}

// upgrade is what follows the reply to STARTTLS: a handshake, and then the
// session begins anew.
func (s *session) upgrade() error {
	if err := s.out.Flush(); err != nil {
		return err
	}
	s.handle.setState(stateHandshake)
	if err := s.handshake(); err != nil {
		return err
	}
	s.setUser("")
	s.nextUser, s.wantsNotices = names.DefaultAccount, false
	s.handle.tls.Store(true)
	s.in.Release()
	s.out = wire.NewWriter(s.conn, smallFile)
	s.handle.takesNotices.Store(false)
	s.handle.setWorking(true)
	err := s.loginByCertificate()
	s.handle.setWorking(false)
	s.handle.setState(s.waitingState())
	return err
}

// recordHandshake is the first byte of a TLS connection (RFC 8446, 5.1).
const recordHandshake = 0x16

func tlsName(state *tls.ConnectionState) string {
	if state == nil {
		return "no"
	}
	return tls.VersionName(state.Version)
}

// isLocal reports whether a connection that was accepted at the address a can't
// come from another machine.
func isLocal(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}
