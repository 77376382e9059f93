package server

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A refusalLog writes at most one line a second about the refused connections of a
// client. If it leaves some out, it says how many, a second later.
type refusalLog struct {
	out *slog.Logger

	mu   sync.Mutex
	left map[netip.Addr]int // refusals left out, of the clients that had a line within the last second
}

// maxLogged limits the clients that have a line of their own in one second. The
// others share one.
const maxLogged = 64

func (l *refusalLog) log(client netip.Addr, remote net.Addr, why error, told bool) {
	if l.isLeftOut(client) {
		return
	}
	l.out.Info("refused", "remote", remote.String(), "reason", why.Error(), "told", told)
}

// isLeftOut reports whether a refusal has no line of its own, and counts it then.
func (l *refusalLog) isLeftOut(client netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.left[client]; !known && len(l.left) >= maxLogged {
		client = netip.Addr{}
	}
	n, known := l.left[client]
	if known {
		l.left[client] = n + 1
		return true
	}
	l.begin(client)
	return false
}

// begin begins a second in which refusals of a client are only counted. The caller
// holds l.mu.
func (l *refusalLog) begin(client netip.Addr) {
	l.left[client] = 0
	time.AfterFunc(time.Second, func() { l.end(client) })
}

// end ends such a second. A line about what was left out begins another one.
func (l *refusalLog) end(client netip.Addr) {
	l.mu.Lock()
	n := l.left[client]
	delete(l.left, client)
	if n > 0 {
		l.begin(client)
	}
	l.mu.Unlock()
	switch {
	case n == 0:
	case client.IsValid():
		l.out.Info("refusals left out", "client", client, "count", n)
	default:
		l.out.Info("refusals left out", "count", n)
	}
}
