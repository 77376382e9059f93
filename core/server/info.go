package server

import (
	"slices"
	"time"

	"mts/core"
	"mts/core/names"
)

// An Info is all that is told of a session: a row of the list of sessions.
// Sizes are in bytes, rates in bytes a second.
type Info struct {
	ID       uint64    `json:"id"`
	User     string    `json:"user"`
	Remote   string    `json:"remote"`
	Client   string    `json:"client"` // its address, IPv4-mapped ones as IPv4
	Listener string    `json:"listener"`
	TLS      bool      `json:"tls"`
	State    string    `json:"state"`
	Verb     string    `json:"verb"` // of the command under way
	Path     string    `json:"path"` // its argument, if it sends a file
	Sent     int64     `json:"sent"` // of that file
	Size     int64     `json:"size"` // of that file
	Rate     int64     `json:"rate"` // of that file so far
	Since    time.Time `json:"since"`
	IdleMS   int64     `json:"idle_ms"`
	Commands int64     `json:"commands"`
	BytesOut int64     `json:"bytes_out"`
	Plugin   string    `json:"-"` // whose verb is under way
	Limit    int64     `json:"-"` // its own byte rate, 0: none; see Server.SetRate
}

// Infos returns the sessions that f selects, sorted by id.
func (s *Server) Infos(f Filter) []Info {
	all := s.all()
	var infos []Info
	if len(f) == 0 {
		infos = make([]Info, 0, len(all))
	}
	for _, c := range all {
		if i := c.describe(); f.Match(i) {
			infos = append(infos, i)
		}
	}
	slices.SortFunc(infos, func(a, b Info) int { return int(a.ID) - int(b.ID) })
	return infos
}

// all returns the sessions there are, in no order.
func (s *Server) all() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*session, 0, len(s.sessions))
	for _, c := range s.sessions {
		all = append(all, c)
	}
	return all
}

// describe returns what is told of the session. Any goroutine may call it.
func (c *session) describe() Info {
	c.mu.Lock()
	info, job := c.snapshot(), c.job
	c.mu.Unlock()
	i := Info{
		ID:       info.ID,
		User:     info.User,
		Remote:   info.Remote,
		Client:   names.Client(info.Remote),
		Listener: c.conn.LocalAddr().String(),
		TLS:      info.TLS,
		State:    state(c.state.Load()).String(),
		Verb:     job.verb,
		Plugin:   job.plugin,
		Path:     job.path,
		Size:     job.size,
		Since:    info.Since,
		IdleMS:   max(0, time.Since(time.Unix(0, c.active.Load())).Milliseconds()),
		Commands: c.commands.Load(),
		BytesOut: c.bytesOut.Load(),
	}
	if c.limits != nil {
		i.Limit = c.limits.Rate()
	}
	if job.path != "" {
		i.Sent = c.sent.Load()
		i.Rate = int64(float64(i.Sent) / max(time.Since(job.start).Seconds(), 1e-3))
	}
	return i
}

// snapshot is what plugins may see of the session; c.mu is held.
func (c *session) snapshot() core.Session {
	return core.Session{ID: c.id, User: c.user, Remote: c.remote, TLS: c.secure, Since: c.since}
}
