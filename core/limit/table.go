package limit

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Rates are the limits of one client or of one account, all of its sessions
// together. 0 means no limit.
type Rates struct {
	Sessions int   // at once
	Commands int   // a second, of sessions that are logged in
	Bytes    int64 // sent, a second
}

// A Policy is what the configuration wants. The zero value limits nothing but
// the commands before a login, which are 20 a second of each session, always.
type Policy struct {
	Client      Rates                   // of each client
	Connections int                     // new ones a second of each client, 0: no limit
	Account     func(name string) Rates // nil: no limits
	Total       int64                   // bytes a second of all together, 0: no limit
	MaxSessions int                     // of all together; see Admit
	Failures    int                     // logins that may fail before a ban, 0: any number
	BanTime     time.Duration           // of the first ban, 0: no bans
}

func (p *Policy) account(name string) Rates {
	if p.Account == nil {
		return Rates{}
	}
	return p.Account(name)
}

// A Table knows all clients. It is safe for concurrent use.
type Table struct {
	// OnError is told when bans that the table has made itself couldn't be
	// written. It may be nil, and is set before anything else is done.
	OnError func(error)

	total  bucket
	waits  Stats
	random func() float64

	mu       sync.Mutex
	policy   Policy
	clients  map[netip.Prefix]*client
	accounts map[string]*account
	rates    map[string]int64 // set by SetRate, by target
	pending  int              // sessions that haven't logged in
	bans     *banList
}

// Open returns a table with the bans that are kept in the file at path; "" is
// for bans that the process takes with it. A file that isn't there is one
// without bans.
func Open(path string, policy Policy) (*Table, error) {
	bans, err := openBans(path)
	if err != nil {
		return nil, err
	}
	t := &Table{
		random:   rand.Float64,
		clients:  make(map[netip.Prefix]*client),
		accounts: make(map[string]*account),
		rates:    make(map[string]int64),
		bans:     bans,
	}
	bans.lock, bans.failed = &t.mu, func(err error) {
		if t.OnError != nil {
			t.OnError(err)
		}
	}
	t.SetPolicy(policy)
	return t, nil
}

// New returns a table whose bans aren't kept.
func New(policy Policy) *Table {
	t, _ := Open("", policy)
	return t
}

// Close writes the bans that aren't in the file yet. Nothing is written later.
func (t *Table) Close() error { return t.bans.close() }

// SetPolicy replaces the policy, for the transfers under way too. What SetRate
// has set stays.
func (t *Table) SetPolicy(p Policy) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.policy = p
	t.fitAll()
}

func (t *Table) fitAll() {
	t.total.set(t.rate(totalTarget, t.policy.Total))
	for _, c := range t.clients {
		t.fit(c)
	}
	for name, a := range t.accounts {
		t.fitAccount(name, a)
	}
}

// An AccountInfo is what the table knows of an account since the start.
type AccountInfo struct {
	LastLogin time.Time // zero: never
	Failures  int64     // logins that failed since the last one that didn't
	Sessions  int       // there are
}

// Account returns what is known of an account.
func (t *Table) Account(name string) AccountInfo {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.accounts[name]
	if a == nil {
		return AccountInfo{}
	}
	return AccountInfo{LastLogin: a.lastLogin, Failures: a.failures, Sessions: a.sessions}
}

// Stats counts what the limits have done since the start. Reading it is free.
type Stats struct {
	Commands, Bytes, Connections Waits
	Bans                         atomic.Int64 // made by the table itself
}

// Stats returns the table's counters, which go on counting.
func (t *Table) Stats() *Stats { return &t.waits }
