package server

import (
	"errors"
	"maps"
	"net"
	"slices"
	"time"
)

// ErrServerClosed is returned by Serve after Shutdown or Close.
var ErrServerClosed = errors.New("server closed")

// Serve accepts connections on ln, without TLS, until the server is shut down.
// It closes ln, and never returns nil.
func (srv *Server) Serve(ln net.Listener) error { return srv.serve(ln, false) }

// ServeTLS is Serve for connections that begin with a TLS handshake.
func (srv *Server) ServeTLS(ln net.Listener) error {
	if srv.settings.Load().TLS == nil {
		ln.Close()
		return errors.New("a TLS listener needs a TLS configuration")
	}
	return srv.serve(ln, true)
}

// serve accepts connections until the listener is closed. Other errors pass, such
// as a lack of descriptors, or a client that was gone before it was accepted.
func (srv *Server) serve(ln net.Listener, secure bool) error {
	defer ln.Close()
	if !srv.track(ln) {
		return ErrServerClosed
	}
	defer srv.untrack(ln)
	var delay time.Duration
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			delay = 0
			srv.ServeConn(nc, secure)
		case srv.isClosing():
			return ErrServerClosed
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			delay = min(max(2*delay, 5*time.Millisecond), time.Second)
			srv.rarely.accept.Do(func() {
				srv.cfg.Log.Error("accept", "listener", ln.Addr().String(), "err", err)
			})
			time.Sleep(delay)
		}
	}
}

func (srv *Server) track(ln net.Listener) bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.closing || srv.retiring {
		return false
	}
	srv.listeners[ln] = true
	return true
}

func (srv *Server) untrack(ln net.Listener) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	delete(srv.listeners, ln)
}

func (srv *Server) isClosing() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return srv.closing || srv.retiring
}

// closeListeners closes the listeners. The server takes no further listener, and
// if closing is set no further connection.
func (srv *Server) closeListeners(closing bool) {
	srv.mu.Lock()
	srv.retiring, srv.closing = true, srv.closing || closing
	listeners := slices.Collect(maps.Keys(srv.listeners))
	srv.mu.Unlock()
	for _, ln := range listeners {
		ln.Close()
	}
}
