package limit

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// An Allowance is what one client or one account may use, all of its sessions
// together. 0 means no limit.
type Allowance struct {
	Sessions int   // at once
	Commands int   // a second, of sessions that are logged in
	Bytes    int64 // sent, a second
}

// A Policy holds the configured limits. The zero value limits nothing. Before its
// login, a session has 20 commands a second under every policy.
type Policy struct {
	Client      Allowance                   // of each client
	Connections int                         // new ones a second of each client, 0: no limit
	Account     func(name string) Allowance // nil: no limits
	Total       int64                       // bytes a second of the server, 0: no limit
	MaxSessions int                         // of the server; see Admit
	Failures    int                         // failed logins before a ban, 0: no bans
	BanTime     time.Duration               // of the first ban, 0: no bans
	Exempt      []netip.Prefix              // clients without limits, penalties and bans
}

// exempts reports whether all addresses of a client are exempt.
func (p *Policy) exempts(client netip.Prefix) bool {
	return slices.ContainsFunc(p.Exempt, func(network netip.Prefix) bool {
		return network.Bits() <= client.Bits() && network.Contains(client.Addr())
	})
}

func (p *Policy) allowance(name string) Allowance {
	if p.Account == nil {
		return Allowance{}
	}
	return p.Account(name)
}

// A Table holds the state of all clients and accounts. It is safe for concurrent
// use.
type Table struct {
	// OnError is called when the bans that the table imposes itself can't be
	// written. It may be nil. It must not change once a method has been called.
	OnError func(error)

	total  bucket
	waits  Stats
	random func() float64

	mu        sync.Mutex
	policy    Policy
	clients   map[netip.Prefix]*client
	accounts  map[string]*account
	byteRates map[string]int64 // set by SetRate, by target
	pending   int              // sessions that haven't logged in
	turns     turns            // of logins
	tellings  []*telling       // of refused connections
	bans      *banList
}

// Open returns a table that keeps its bans in the file at path. If path is "", the
// bans end with the process. A missing file counts as one without bans.
func Open(path string, policy Policy) (*Table, error) {
	bans, err := openBans(path)
	if err != nil {
		return nil, err
	}
	t := &Table{
		random:    rand.Float64,
		clients:   make(map[netip.Prefix]*client),
		accounts:  make(map[string]*account),
		byteRates: make(map[string]int64),
		bans:      bans,
		turns:     newTurns(),
	}
	bans.lock, bans.failed = &t.mu, func(err error) {
		if t.OnError != nil {
			t.OnError(err)
		}
	}
	t.SetPolicy(policy)
	return t, nil
}

// New returns a table whose bans end with the process.
func New(policy Policy) *Table {
	t, _ := Open("", policy)
	return t
}

// Close writes the bans that aren't in the file yet. After it, nothing is written.
func (t *Table) Close() error { return t.bans.close() }

// SetPolicy replaces the policy. It takes effect at once, for running transfers
// too. The rates of SetRate stay.
func (t *Table) SetPolicy(p Policy) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.policy = p
	t.applyPolicy()
}

// applyPolicy sets all rates. The caller holds t.mu.
func (t *Table) applyPolicy() {
	t.total.set(t.byteRate(totalTarget, t.policy.Total))
	for _, c := range t.clients {
		t.limitClient(c)
	}
	for name, a := range t.accounts {
		t.limitAccount(name, a)
	}
}

// An AccountInfo is what the table knows about an account since the start.
type AccountInfo struct {
	LastLogin time.Time // zero: never
	Failures  int64     // failed logins since the last successful one
	Sessions  int       // now
}

// Account returns what the table knows about an account.
func (t *Table) Account(name string) AccountInfo {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.accounts[name]
	if a == nil {
		return AccountInfo{}
	}
	return AccountInfo{LastLogin: a.lastLogin, Failures: a.failures, Sessions: a.sessions}
}

// Stats counts what the limits have done since the start.
type Stats struct {
	Commands, Bytes, Connections Waits
	Bans                         atomic.Int64 // imposed by the table itself
}

// Stats returns the table's counters, which the table goes on changing.
func (t *Table) Stats() *Stats { return &t.waits }
