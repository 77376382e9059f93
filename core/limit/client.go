package limit

import (
	"net"
	"net/netip"
	"time"
)

// Address returns the IP address of a connection's end, or the zero Addr if it
// has none. All those that have none are one client.
func Address(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	addr, _ := netip.AddrFromSlice(tcp.IP)
	return addr
}

// clientOf returns the client that an address belongs to.
func clientOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	p, _ := addr.Prefix(bits)
	return p
}

// A client is what the table knows of one. Table.mu guards it, but for the
// rates, which have locks of their own.
type client struct {
	prefix      netip.Prefix
	sessions    int
	connections gate
	commands    gate // of its sessions that are logged in
	bytes       bucket
	penalty     score
	failed      map[string]float64 // of penalty, what came by which account
	lastLogin   time.Time
	lastSeen    time.Time
}

// An account is what the table knows of one that has logged in, or failed to.
type account struct {
	sessions  int
	commands  gate
	bytes     bucket
	failures  int64
	lastLogin time.Time
}

// maxClients bounds the clients that are remembered without having a session.
const maxClients = 1 << 15

// client returns the entry of a client, making one if there is none.
func (t *Table) client(now time.Time, p netip.Prefix) *client {
	c := t.clients[p]
	if c == nil {
		t.tidy(now)
		c = &client{prefix: p}
		t.fit(c)
		t.clients[p] = c
	}
	c.lastSeen = now
	return c
}

// fit gives a client the rates that it has to have now.
func (t *Table) fit(c *client) {
	c.connections.set(t.policy.Connections)
	c.commands.set(t.policy.Client.Commands)
	c.bytes.set(t.rate(clientTarget(c.prefix), t.policy.Client.Bytes))
}

// memory is how long a client is remembered that has no session and no penalty.
const memory = 5 * time.Minute

// tidy looks at a few entries, so that all are looked at now and then, and
// makes room if there is none.
func (t *Table) tidy(now time.Time) {
	var worst *client // the one that is missed least
	seen := 0
	for p, c := range t.clients {
		switch penalty := c.penalty.at(now, t.policy.decay()); {
		case c.sessions > 0:
		case penalty == 0 && now.Sub(c.lastSeen) > memory && now.Sub(c.lastLogin) > trust:
			delete(t.clients, p)
		case worst == nil || penalty < worst.penalty.at(now, t.policy.decay()):
			worst = c
		}
		if seen++; seen == 8 {
			break
		}
	}
	if len(t.clients) >= maxClients && worst != nil {
		delete(t.clients, worst.prefix)
	}
}

// account returns the entry of an account, making one if there is none. Only
// accounts that exist may be asked for, which bounds them.
func (t *Table) account(name string) *account {
	a := t.accounts[name]
	if a == nil {
		a = &account{}
		t.fitAccount(name, a)
		t.accounts[name] = a
	}
	return a
}

func (t *Table) fitAccount(name string, a *account) {
	rates := t.policy.account(name)
	a.commands.set(rates.Commands)
	a.bytes.set(t.rate(userTarget(name), rates.Bytes))
}
