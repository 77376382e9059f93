package server

import (
	"crypto/tls"
	"maps"
	"sync"
	"sync/atomic"
)

// Stats are counters since the start, but for Sessions. They are for humans and
// for metrics; each is right, but not all are of one moment.
type Stats struct {
	Sessions      int              // there are
	SessionsTotal int64            // there have been, refused ones included
	Transfers     int64            // that succeeded
	Failures      int64            // transfers that didn't
	BytesOut      int64            // data sent, without status lines
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
func (s *Server) Stats() Stats {
	s.mu.Lock()
	sessions, total := len(s.sessions), int64(s.lastID)
	s.mu.Unlock()
	c := &s.counters
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		Sessions:      sessions,
		SessionsTotal: total,
		Transfers:     c.transfers.Load(),
		Failures:      c.failures.Load(),
		BytesOut:      c.bytes.Load(),
		Refusals:      maps.Clone(c.refusals),
		Handshakes:    maps.Clone(c.handshakes),
	}
}

// States counts the sessions there are by what they do. Each state is in it.
func (s *Server) States() map[string]int {
	states := make(map[string]int)
	for st := stateHandshake; st <= stateClosing; st++ {
		states[st.String()] = 0
	}
	for _, c := range s.all() {
		states[state(c.state.Load()).String()]++
	}
	return states
}

func (c *counters) refused(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusals[reason]++
}

func (c *counters) shook(state *tls.ConnectionState) {
	h := Handshake{tls.VersionName(state.Version), state.CurveID.String()}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handshakes[h]++
}

func (c *counters) transferred(err error) {
	if err == nil {
		c.transfers.Add(1)
	} else {
		c.failures.Add(1)
	}
}
