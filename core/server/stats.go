package server

import (
	"crypto/tls"
	"maps"
	"sync"
	"sync/atomic"
)

// Stats are counters since the start, except for Sessions and StaleExports. Each of them is
// right, but they aren't all of one moment.
type Stats struct {
	Sessions      int              // that exist now
	SessionsTotal int64            // so far, refused ones included
	Transfers     int64            // that succeeded
	Failures      int64            // transfers that didn't
	BytesOut      int64            // data sent, without status lines
	StaleExports  int              // that serve an old folder, since the new one can't be opened
	Refusals      map[string]int64 // by reason
	Handshakes    map[Handshake]int64
}

// A Handshake is what a TLS handshake agreed on.
type Handshake struct {
	Version string // "TLS 1.3"
	Group   string // "X25519MLKEM768"
}

// counters are what Stats reports.
type counters struct {
	transfers, failures, bytes atomic.Int64

	mu         sync.Mutex
	refusals   map[string]int64
	handshakes map[Handshake]int64
}

// Stats returns the counters.
func (srv *Server) Stats() Stats {
	srv.mu.Lock()
	sessions, total := len(srv.sessions), int64(srv.lastID)
	srv.mu.Unlock()
	stale := 0
	if tree := srv.settings.Load().Exports; tree != nil {
		stale = tree.Stale()
	}
	c := &srv.counters
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		Sessions:      sessions,
		SessionsTotal: total,
		Transfers:     c.transfers.Load(),
		Failures:      c.failures.Load(),
		BytesOut:      c.bytes.Load(),
		StaleExports:  stale,
		Refusals:      maps.Clone(c.refusals),
		Handshakes:    maps.Clone(c.handshakes),
	}
}

// States returns how many sessions are in each state. A state without any has
// an entry too.
func (srv *Server) States() map[string]int {
	states := make(map[string]int)
	for st := stateHandshake; st <= stateClosing; st++ {
		states[st.String()] = 0
	}
	for _, h := range srv.handles() {
		states[state(h.state.Load()).String()]++
	}
	return states
}

func (c *counters) countRefusal(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusals[reason]++
}

func (c *counters) countHandshake(state *tls.ConnectionState) {
	h := Handshake{tls.VersionName(state.Version), state.CurveID.String()}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handshakes[h]++
}

func (c *counters) countTransfer(err error) {
	if err == nil {
		c.transfers.Add(1)
	} else {
		c.failures.Add(1)
	}
}
