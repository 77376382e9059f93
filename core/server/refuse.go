package server

import (
	"errors"

	"mts/core"
	"mts/core/limit"
)

// errFull turns a connection away when there are as many sessions as there may
// be.
var errFull = errors.New("busy")

// Why a session is refused, in the words that its client sees.
var (
	errTooMany = core.Errorf(core.CodeBusy, "Too many connections.")
	errBanned  = core.Errorf(core.CodeBanned, "Try again later.")
)

// turnAway makes a session that has just come one that is only told that it
// can't be.
func (c *session) turnAway(why error) {
	c.refusal = why
	c.leaving.Store(toldAs(why))
}

// toldAs is what a client hears of a refusal.
func toldAs(refusal error) *core.Error {
	if refusal == limit.Banned {
		return errBanned
	}
	return errTooMany
}

// How many refused sessions may wait to be told: of all, and of one client.
const (
	maxRefused     = 256
	maxRefusedEach = 64
)

// canTell reports whether a refused session may take up a goroutine, and under
// TLS a handshake, to be told why. Server.mu is held.
func (s *Server) canTell(c *session) bool {
	if len(s.refused) >= maxRefused {
		return false
	}
	same := 0
	for _, other := range s.refused {
		if other.host() == c.host() {
			same++
		}
	}
	return same < maxRefusedEach
}

// refuse counts and logs that the client doesn't get what it wants. Reasons are
// a few constants.
func (c *session) refuse(reason string, args ...any) {
	c.server.counters.refused(reason)
	c.log("refused", append([]any{"reason", reason}, args...)...)
}

// refuseUnheard is refuse for a connection that isn't told. Since such come in
// floods, not each has a line in the log.
func (s *Server) refuseUnheard(c *session) {
	if c.refusal == nil {
		return // the server is closing
	}
	s.counters.refused(c.refusal.Error())
	s.rarelyAccept.Do(func() { c.log("refused", "reason", c.refusal.Error(), "told", false) })
}

// charge is what the session costs its client, if it isn't known yet to cost
// more.
func (c *session) charge(p limit.Penalty) { c.cost = max(c.cost, p) }

// release gives back what the session holds of its client's limits.
func (c *session) release() {
	if c.limits == nil {
		return
	}
	if c.leaving.Load() == nil {
		c.charge(limit.NoLogin)
	}
	c.limits.Close(c.cost)
}
