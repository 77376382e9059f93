package server

import (
	"errors"
	"net"
	"time"

	"mts/core"
	"mts/core/limit"
	"mts/core/transport"
)

// errFull refuses a connection because there are as many sessions as allowed.
var errFull = errors.New("busy")

// What the client of a refused connection or login sees.
var (
	errTooMany = core.Errorf(core.CodeBusy, "Too many connections.")
	errBanned  = core.Errorf(core.CodeBanned, "Try again later.")
)

// refusalError is what the client sees of a refusal.
func refusalError(refusal error) *core.Error {
	if errors.Is(refusal, limit.Banned) {
		return errBanned
	}
	return errTooMany
}

// ends are the addresses of a connection, as its client sees them.
type ends struct{ local, remote net.Addr }

// ServeConn starts a session on nc and returns at once.
func (srv *Server) ServeConn(nc net.Conn, secure bool) {
	ends := ends{nc.LocalAddr(), nc.RemoteAddr()}
	if srv.settings.Load().isProxy(ends.remote) {
		srv.startProxied(nc, secure)
		return
	}
	srv.admit(nc, ends, secure)
}

// admit starts a session, or refuses the connection.
func (srv *Server) admit(nc net.Conn, ends ends, secure bool) {
	limits, err := srv.cfg.Limits.Admit(limit.Address(ends.remote))
	if err == nil {
		s := newSession(srv, nc, ends, secure)
		s.limits, s.handle.limits = limits, limits
		if err = srv.register(s); err == nil {
			go s.start(secure)
			return
		}
		limits.Close(false)
	}
	if errors.Is(err, ErrServerClosed) {
		nc.Close()
		return
	}
	srv.refuse(nc, ends, secure, err)
}

// refuse tells the client why its connection is refused, or resets it. To tell it
// costs a goroutine, and a handshake on a TLS listener, so not each client is told.
func (srv *Server) refuse(nc net.Conn, ends ends, secure bool, why error) {
	client := limit.Address(ends.remote)
	var told func()
	if !secure || !errors.Is(why, limit.Banned) {
		told, _ = srv.cfg.Limits.MayTell(client)
	}
	srv.counters.countRefusal(why.Error())
	srv.refusals.log(client, ends.remote, why, told != nil)
	if told == nil {
		transport.Reset(nc)
		return
	}
	s := newSession(srv, nc, ends, secure)
	s.refusal, s.told, s.handle.refused = why, told, true
	s.handle.endReason.Store(refusalError(why))
	if srv.register(s) != nil {
		told()
		nc.Close()
		return
	}
	go s.start(secure)
}

// closeTold ends the connection of a refused client, which has a second to read why.
// Nothing is read of it meanwhile.
func (s *session) closeTold() {
	time.AfterFunc(time.Second, func() {
		s.conn.Abort()
		s.told()
	})
}
