package limit

import (
	"net/netip"
	"slices"
	"time"
)

// maxTellings limits the clients that are told in one second why they are refused.
const maxTellings = 50

// A telling is a refused connection whose client is told why.
type telling struct {
	client netip.Prefix
	since  time.Time
	open   bool // the connection isn't closed yet
}

// MayTell reports whether the client of a refused connection may be told why: one
// connection of a client at a time, one a second, and 50 a second of all clients.
// The caller calls told when it closes a connection that may be told.
func (t *Table) MayTell(a netip.Addr) (told func(), ok bool) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tellings = slices.DeleteFunc(t.tellings, func(one *telling) bool {
		return !one.open && now.Sub(one.since) >= time.Second
	})
	p, _ := t.identify(a.Unmap().WithZone(""))
	isSame := func(one *telling) bool { return one.client == p }
	if len(t.tellings) >= maxTellings || slices.ContainsFunc(t.tellings, isSame) {
		return nil, false
	}
	one := &telling{client: p, since: now, open: true}
	t.tellings = append(t.tellings, one)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		one.open = false
	}, true
}

// isBeingTold reports whether a client holds a connection that MayTell has allowed.
func (t *Table) isBeingTold(p netip.Prefix) bool {
	return slices.ContainsFunc(t.tellings, func(one *telling) bool { return one.open && one.client == p })
}
