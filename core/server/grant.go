package server

import (
	"net/netip"
	"time"
)

// A Grant is what an account may use.
type Grant struct {
	Exports  []string       // paths; nil: all exports
	Verbs    []string       // upper case; nil: all verbs. Verbs that need no login stay usable
	Networks []netip.Prefix // that it may log in from; nil: all
	Expires  time.Time      // when it can't log in any more and its sessions end; zero: never
}

// refuses returns why an account can't log in from an address, or "" if it can.
func (g *Grant) refuses(client netip.Addr) string {
	switch {
	case g.hasExpired():
		return "expired"
	case g.Networks != nil && !containsAddr(g.Networks, client):
		return "network"
	}
	return ""
}

func (g *Grant) hasExpired() bool { return !g.Expires.IsZero() && !time.Now().Before(g.Expires) }

// grant returns what an account may use.
func (s *Settings) grant(user string) Grant {
	if s.Grant == nil {
		return Grant{}
	}
	return s.Grant(user)
}

// EndExpired kicks the sessions of accounts that have expired. The caller calls it
// every second or so.
func (srv *Server) EndExpired() {
	settings := srv.settings.Load()
	for _, h := range srv.handles() {
		user := h.snapshot().User
		if grant := settings.grant(user); user != "" && grant.hasExpired() {
			srv.kick(h, "Your account has expired.")
		}
	}
}
