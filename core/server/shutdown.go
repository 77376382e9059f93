package server

import (
	"context"
	"time"
)

// Shutdown closes the listeners, ends the sessions that are idle and lets the
// others finish the command they run. If ctx ends first, it cuts the rest off,
// waits a moment and returns ctx's error. Otherwise it returns when no session
// is left.
func (srv *Server) Shutdown(ctx context.Context) error {
	srv.closeListeners(true)
	for _, h := range srv.handles() {
		h.endAfterCommand(errShutdown)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.running.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	srv.cancel(errShutdown)
	for _, h := range srv.handles() {
		h.cancel(errShutdown)
		h.conn.Abort()
	}
	select {
	case <-done:
	case <-time.After(closeTime): // a command doesn't heed its context
	}
	return ctx.Err()
}

// Close is Shutdown without time for anybody.
func (srv *Server) Close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	srv.Shutdown(ctx)
}

// While a server retires, a session that has waited for a command for
// retireIdle has to end.
const (
	retireIdle = time.Second
	retireTick = 50 * time.Millisecond
)

// Retire is Shutdown for a server whose successor has the same listeners. It
// serves the connections that it has accepted, whose clients can't know of the
// successor. A session ends when its client ends it, when the client has been
// silent for a second, or when ctx ends.
func (srv *Server) Retire(ctx context.Context) error {
	srv.closeListeners(false)
	tick := time.NewTicker(retireTick)
	defer tick.Stop()
	for !srv.isDeserted() && ctx.Err() == nil {
		for _, h := range srv.handles() {
			if h.hasWaited(retireIdle) {
				h.endAfterCommand(errShutdown)
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return srv.Shutdown(ctx)
}

// isDeserted reports whether there is neither a listener nor a session.
func (srv *Server) isDeserted() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return len(srv.listeners)+len(srv.sessions) == 0
}
