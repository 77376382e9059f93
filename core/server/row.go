package server

import (
	"time"

	"mts/core/names"
)

// A Row of the list of sessions has all that operators may know of one session.
// Sizes are in bytes, rates in bytes a second.
type Row struct {
	ID       uint64    `json:"id"`
	User     string    `json:"user"`
	Remote   string    `json:"remote"`
	Client   string    `json:"client"` // its address, IPv4-mapped ones as IPv4
	Listener string    `json:"listener"`
	TLS      bool      `json:"tls"`
	State    string    `json:"state"`
	Verb     string    `json:"verb"` // of the command under way
	Path     string    `json:"path"` // of the file that it sends
	Sent     int64     `json:"sent"` // of that file
	Size     int64     `json:"size"` // of that file
	Rate     int64     `json:"rate"` // mean since that file's first byte
	Since    time.Time `json:"since"`
	IdleMS   int64     `json:"idle_ms"`
	WaitsMS  int64     `json:"waits_ms"` // how long limits have held the session up
	Commands int64     `json:"commands"`
	BytesOut int64     `json:"bytes_out"`
	Plugin   string    `json:"-"` // that has the verb
	Limit    int64     `json:"-"` // the session's own byte rate, 0: none; see Server.SetRate
}

// describe returns the row of the session.
func (h *handle) describe() Row {
	h.mu.Lock()
	user, job := h.user, h.job
	h.mu.Unlock()
	r := Row{
		ID:       h.id,
		User:     user,
		Remote:   h.remote,
		Client:   names.Client(h.remote),
		Listener: h.conn.LocalAddr().String(),
		TLS:      h.tls.Load(),
		State:    state(h.state.Load()).String(),
		Verb:     job.verb,
		Plugin:   job.plugin,
		Path:     job.path,
		Size:     job.size,
		Since:    h.since,
		IdleMS:   max(0, time.Since(time.Unix(0, h.lastActive.Load())).Milliseconds()),
		Commands: h.commands.Load(),
		BytesOut: h.bytesOut.Load(),
	}
	if h.limits != nil {
		r.Limit = h.limits.Rate()
		r.WaitsMS = h.limits.Waited().Milliseconds()
	}
	if job.path != "" {
		r.Sent = h.sent.Load()
		r.Rate = int64(float64(r.Sent) / max(time.Since(job.start).Seconds(), 1e-3))
	}
	return r
}
