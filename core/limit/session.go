package limit

import (
	"context"
	"net/netip"
	"time"
)

// A Refusal is why a connection or a login is refused.
type Refusal string

// The refusals.
const (
	Banned         Refusal = "banned"
	ClientSessions Refusal = "client-sessions" // it has too many
	ClientRate     Refusal = "client-rate"     // too many new connections
	EarlyDrop      Refusal = "early-drop"      // by lot, of those that haven't logged in
	UserSessions   Refusal = "user-sessions"   // the account has too many
)

func (r Refusal) Error() string { return string(r) }

// A Session is a connection that has been let in. One goroutine uses it; only
// SetRate and Rate are for others too.
type Session struct {
	table   *Table
	addr    netip.Addr
	client  *client
	user    string
	account *account // nil without a login
	login   gate     // commands before the login
	own     bucket
	shares  [4]share // of itself, its client, all, and its account
	delay   time.Duration
	trusted bool // has ever logged in
}

// maxDelay is how long a new connection waits for its turn before it is
// refused.
const maxDelay = time.Second

// Admit lets a connection in, or returns a Refusal. Beyond 60 % of MaxSessions
// without a login, and 100 in any case, some of those that come are refused by
// lot, from 90 % on all; clients that have logged in lately are exempt.
func (t *Table) Admit(a netip.Addr) (*Session, error) {
	now := time.Now()
	a = a.Unmap().WithZone("")
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bans.addr(now, a) {
		return nil, Banned
	}
	c := t.client(now, clientOf(a))
	if t.exceeded(now, c) {
		return nil, Banned
	}
	if most := t.policy.Client.Sessions; most > 0 && c.sessions >= most {
		return nil, ClientSessions
	}
	if t.dropEarly(now, c) {
		return nil, EarlyDrop
	}
	delay, ok := c.connections.pass(now, maxDelay)
	if !ok {
		return nil, ClientRate
	}
	c.sessions++
	t.pending++
	s := &Session{table: t, addr: a, client: c, delay: delay}
	s.login.set(loginCommands)
	s.shares[0].bucket, s.shares[1].bucket, s.shares[2].bucket = &s.own, &c.bytes, &t.total
	return s, nil
}

// trust is how long a client that has logged in isn't dropped by lot.
const trust = time.Hour

// dropEarly casts lots like OpenSSH's MaxStartups.
func (t *Table) dropEarly(now time.Time, c *client) bool {
	start := max(100, t.policy.MaxSessions*6/10)
	full := max(start+1, t.policy.MaxSessions*9/10)
	if t.policy.MaxSessions == 0 || t.pending < start || now.Sub(c.lastLogin) < trust {
		return false
	}
	chance := 0.3 + 0.7*float64(t.pending-start)/float64(full-start)
	return t.random() < chance
}

// Wait waits until it is the connection's turn.
func (s *Session) Wait(ctx context.Context) error {
	_, err := s.table.waits.Connections.until(ctx, s.delay, nil)
	return err
}

// MayLogin returns Banned if the client, or the account, may not log in now. It
// is asked before a password is looked at, and again after: others of the
// client may have failed meanwhile.
func (s *Session) MayLogin(user string) error {
	now := time.Now()
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bans.addr(now, s.addr) || t.bans.user(now, user) || t.exceeded(now, s.client) {
		return Banned
	}
	return nil
}

// Failed counts a login that failed, of an account that exists or doesn't. It
// returns how long the answer has to be held back.
func (s *Session) Failed(user string, exists bool) time.Duration {
	now := time.Now()
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fail(now, s.client, user, exists)
	return t.slowdown(now, s.client)
}

// Login makes the session one of an account that exists, after Logout if it was
// another's. It returns Banned or UserSessions if that can't be.
func (s *Session) Login(user string) error {
	if err := s.MayLogin(user); err != nil {
		return err
	}
	now := time.Now()
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.account(user)
	if most := t.policy.account(user).Sessions; most > 0 && a.sessions >= most {
		return UserSessions
	}
	t.forgive(now, s.client, user)
	a.sessions++
	a.failures, a.lastLogin, s.client.lastLogin = 0, now, now
	t.pending--
	s.user, s.account, s.trusted = user, a, true
	s.shares[3] = share{bucket: &a.bytes}
	return nil
}

// Logout undoes Login.
func (s *Session) Logout() {
	if s.account == nil {
		return
	}
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	s.account.sessions--
	t.pending++
	s.user, s.account, s.shares[3] = "", nil, share{}
}

// Close ends the session. Whatever it cost the client without a login is
// added to its penalties; 0 is for an end that isn't its fault.
func (s *Session) Close(p Penalty) {
	s.Logout()
	now := time.Now()
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending--
	s.client.sessions--
	s.client.lastSeen = now
	if p > 0 && !(s.trusted && p <= Timeout) {
		t.penalize(now, s.client, p, "abuse")
	}
}

// maxCommandWait is how long a command waits for its turn.
const maxCommandWait = 5 * time.Second

// loginCommands is how many commands a second a session has before its login,
// whatever the policy says.
const loginCommands = 20

// Command returns how long the session's next command has to wait for its turn,
// at most 5 s. If that isn't enough it has no turn then, and would have to wait
// for the time over, too.
func (s *Session) Command() (wait, over time.Duration) {
	wait, ok := s.commandWait(time.Now())
	if !ok {
		wait, over = maxCommandWait, wait-maxCommandWait
	}
	return wait, over
}

func (s *Session) commandWait(now time.Time) (wait time.Duration, ok bool) {
	if s.account == nil {
		return s.login.pass(now, maxCommandWait)
	}
	wait, ok = s.client.commands.pass(now, maxCommandWait)
	if !ok {
		return wait, false
	}
	more, ok := s.account.commands.pass(now, maxCommandWait)
	return max(wait, more), ok
}

// Pause waits for as long as Command, or Failed, has said.
func (s *Session) Pause(ctx context.Context, wait time.Duration) error {
	_, err := s.table.waits.Commands.until(ctx, wait, nil)
	return err
}

// Bytes returns how many of n bytes may be sent now, at least one. It waits for
// them as long as the slowest of the rates demands that hold for the session.
func (s *Session) Bytes(ctx context.Context, n int64) (int64, error) {
	for i := range s.shares {
		if s.shares[i].bucket == nil {
			continue
		}
		var err error
		if n, err = s.shares[i].upTo(ctx, n, &s.table.waits.Bytes); err != nil {
			return 0, err
		}
	}
	for i := range s.shares {
		s.shares[i].use(n)
	}
	return n, nil
}

// SetRate changes the session's own byte rate, at once. 0 is no limit.
func (s *Session) SetRate(bytesPerSecond int64) { s.own.set(bytesPerSecond) }

// Rate returns the session's own byte rate, 0 without a limit.
func (s *Session) Rate() int64 { return s.own.rate.Load() }
