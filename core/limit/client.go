package limit

import (
	"net"
	"net/netip"
	"time"
)

// Address returns the IP address of a connection's end, or the zero Addr if it has
// none. All connections without an address count as one client.
func Address(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	addr, _ := netip.AddrFromSlice(tcp.IP)
	return addr
}

// clientOf returns the prefix of the client that an address belongs to.
func clientOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	p, _ := addr.Prefix(bits)
	return p
}

// A client is what the table knows about a client. Table.mu guards all but the
// gates and the bucket, which have their own locks.
type client struct {
	prefix      netip.Prefix
	exempt      bool // from limits, penalties and bans
	sessions    int
	connections gate
	commands    gate // of its sessions that are logged in
	bytes       bucket
	penalty     score
	failed      map[string]float64 // the part of penalty that is of each account
	queue       queue              // its logins that wait
	lastLogin   time.Time
	lastSeen    time.Time
}

// An account is what the table knows about an account since its first login or
// failed login.
type account struct {
	sessions  int
	commands  gate
	bytes     bucket
	failures  int64
	lastLogin time.Time
}

// maxClients limits the number of clients that are remembered without a session.
const maxClients = 1 << 15

// client returns the entry of a client. It makes one if there is none.
func (t *Table) client(now time.Time, p netip.Prefix) *client {
	c := t.clients[p]
	if c == nil {
		t.evict(now)
		c = &client{prefix: p}
		t.limitClient(c)
		t.clients[p] = c
	}
	c.lastSeen = now
	return c
}

// limitClient sets the rates of a client from the policy and from SetRate.
func (t *Table) limitClient(c *client) {
	connections, allowed := t.policy.Connections, t.policy.Client
	if c.exempt = t.policy.exempts(c.prefix); c.exempt {
		connections, allowed = 0, Allowance{}
	}
	c.connections.set(connections)
	c.commands.set(allowed.Commands)
	c.bytes.set(t.byteRate(clientTarget(c.prefix), allowed.Bytes))
}

// trusted reports whether the client has logged in within trustTime.
func (c *client) trusted(now time.Time) bool { return now.Sub(c.lastLogin) < trustTime }

// rememberTime is how long a client without sessions and penalties is remembered.
const rememberTime = 5 * time.Minute

// evict checks a few random entries and drops those that aren't needed. If the
// table is full, it drops the one with the smallest penalty among them.
func (t *Table) evict(now time.Time) {
	var least *client // with the smallest penalty
	seen := 0
	for p, c := range t.clients {
		switch penalty := c.penalty.left(now, t.policy.decay()); {
		case c.sessions > 0:
		case penalty == 0 && now.Sub(c.lastSeen) > rememberTime && !c.trusted(now):
			delete(t.clients, p)
		case least == nil || penalty < least.penalty.left(now, t.policy.decay()):
			least = c
		}
		if seen++; seen == 8 {
			break
		}
	}
	if len(t.clients) >= maxClients && least != nil {
		delete(t.clients, least.prefix)
	}
}

// account returns the entry of an account. It makes one if there is none. The
// caller has checked that the account exists, which limits their number.
func (t *Table) account(name string) *account {
	a := t.accounts[name]
	if a == nil {
		a = &account{}
		t.limitAccount(name, a)
		t.accounts[name] = a
	}
	return a
}

// limitAccount sets the rates of an account from the policy and from SetRate.
func (t *Table) limitAccount(name string, a *account) {
	allowed := t.policy.allowance(name)
	a.commands.set(allowed.Commands)
	a.bytes.set(t.byteRate(userTarget(name), allowed.Bytes))
}
