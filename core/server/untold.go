package server

import (
	"net/netip"
	"sync"
	"time"

	"mts/core"
)

const (
	untoldTime = time.Minute // how long the reason for an end waits for its client
	maxUntold  = 4096
)

// An absentee is an account at a client whose session was ended without a word.
type absentee struct {
	client netip.Addr
	user   string
}

// An untold has the reasons that clients couldn't be told when their session was
// ended: they didn't read, or were in the middle of a file.
type untold struct {
	mu      sync.Mutex
	reasons map[absentee]untoldReason
}

type untoldReason struct {
	why   *core.Error
	until time.Time
}

// add keeps a reason. If there are too many, it is lost.
func (u *untold) add(a absentee, why *core.Error) {
	now := time.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	for old, reason := range u.reasons {
		if now.After(reason.until) {
			delete(u.reasons, old)
		}
	}
	if len(u.reasons) < maxUntold {
		u.reasons[a] = untoldReason{why, now.Add(untoldTime)}
	}
}

// take returns the reason, once, or nil if there is none.
func (u *untold) take(a absentee) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	reason, found := u.reasons[a]
	delete(u.reasons, a)
	if !found || time.Now().After(reason.until) {
		return nil
	}
	return reason.why
}

// explainLater has the client of a session that an operator ends without a word
// told why at its next login.
func (srv *Server) explainLater(h *handle, why *core.Error) {
	user := h.snapshot().User
	if user != "" && h.explained.CompareAndSwap(false, true) {
		srv.untold.add(absentee{h.client, user}, why)
	}
}
