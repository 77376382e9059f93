package limit

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"
)

// A Refusal is the reason why a connection or a login is refused.
type Refusal string

// The refusals.
const (
	Banned         Refusal = "banned"
	ClientSessions Refusal = "client-sessions" // the client has too many
	ClientRate     Refusal = "client-rate"     // the client opens connections too fast
	EarlyDrop      Refusal = "early-drop"      // too many connections without a login; chosen at random
	UserSessions   Refusal = "user-sessions"   // the account has too many
	Busy           Refusal = "busy"            // too many logins wait to be checked
)

func (r Refusal) Error() string { return string(r) }

// An Admission is the limits' side of a connection that Admit has let in. It
// belongs to one goroutine; only SetRate, Rate and Waited may be called
// by others.
type Admission struct {
	table   *Table
	addr    netip.Addr
	client  *client
	user    string
	account *account // nil without a login
	login   gate     // commands before the login
	own     bucket   // bytes of the session
	shares  [4]share // of own, and of the buckets of the client, of all, and of the account
	delay   time.Duration
	trusted bool         // has logged in at some time
	waited  atomic.Int64 // nanoseconds that limits have held the session up
}

// maxDelay is the longest time that a new connection waits because of the
// connection rate. If it had to wait longer, it is refused.
const maxDelay = time.Second

// Admit lets a connection in, or returns a Refusal. If more than 60 % of
// MaxSessions, and more than 100, are connections without a login, it refuses
// some new ones at random; from 90 % on, all of them. Clients that have logged in
// within the last hour are not refused so. A caller that tells the client why it is
// refused asks MayTell first.
func (t *Table) Admit(a netip.Addr) (*Admission, error) {
	now := time.Now()
	a = a.Unmap().WithZone("")
	t.mu.Lock()
	defer t.mu.Unlock()
	p, exempt := t.identify(a)
	if !exempt && t.bans.hasAddr(now, a) {
		return nil, Banned
	}
	c := t.client(now, p)
	if t.exceeded(now, c) {
		return nil, Banned
	}
	if most := t.policy.Client.Sessions; most > 0 && !exempt && t.held(c) >= most {
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
	s := &Admission{table: t, addr: a, client: c, delay: delay}
	s.login.set(loginCommands)
	s.shares[0].bucket, s.shares[1].bucket, s.shares[2].bucket = &s.own, &c.bytes, &t.total
	return s, nil
}

// trustTime is how long a client is trusted after a login: it isn't refused at
// random, pays for failed logins only, and has its turn to log in before others.
const trustTime = time.Hour

// identify returns the client that an address belongs to, and whether it is exempt.
// An exempt address is a client of its own.
func (t *Table) identify(a netip.Addr) (p netip.Prefix, exempt bool) {
	if own, err := a.Prefix(a.BitLen()); err == nil && t.policy.exempts(own) {
		return own, true
	}
	return clientOf(a), false
}

// held returns the number of connections that a client holds.
func (t *Table) held(c *client) int {
	if t.isBeingTold(c.prefix) {
		return c.sessions + 1
	}
	return c.sessions
}

// dropEarly decides at random, as OpenSSH does for MaxStartups.
func (t *Table) dropEarly(now time.Time, c *client) bool {
	start := max(100, t.policy.MaxSessions*6/10)
	full := max(start+1, t.policy.MaxSessions*9/10)
	if t.policy.MaxSessions == 0 || t.pending < start || c.trusted(now) {
		return false
	}
	chance := 0.3 + 0.7*float64(t.pending-start)/float64(full-start)
	return t.random() < chance
}

// Wait waits as long as the connection rate demands.
func (s *Admission) Wait(ctx context.Context) error {
	_, err := s.table.waits.Connections.wait(ctx, s.delay, nil, &s.waited)
	return err
}

// MayLogin returns Banned if the client or the account is banned. The caller asks
// before it checks a password, after Turn once more, and Login asks too: other
// sessions of the client may have failed in the meantime.
func (s *Admission) MayLogin(user string) error {
	now := time.Now()
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bans.hasUser(now, user) || t.exceeded(now, s.client) || !s.client.exempt && t.bans.hasAddr(now, s.addr) {
		return Banned
	}
	return nil
}

// Failed counts a failed login. exists says whether there is such an account. It
// returns the delay of the answer.
func (s *Admission) Failed(user string, exists bool) time.Duration {
	now := time.Now()
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fail(now, s.client, user, exists)
	return t.slowdown(now, s.client)
}

// Login counts the session for an existing account. A session of another account
// calls Logout before. Login returns Banned or UserSessions if it is refused.
func (s *Admission) Login(user string) error {
	if err := s.MayLogin(user); err != nil {
		return err
	}
	now := time.Now()
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.account(user)
	if most := t.policy.allowance(user).Sessions; most > 0 && a.sessions >= most {
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
func (s *Admission) Logout() {
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

// Close ends the session. A fault is garbage, a timeout or a crash, as opposed to a
// failed login, and uses up the connection rate. It costs nothing if the session has
// logged in, nor within an hour after a login of the client.
func (s *Admission) Close(fault bool) {
	s.Logout()
	now := time.Now()
	t := s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending--
	s.client.sessions--
	s.client.lastSeen = now
	if fault && !s.trusted && !s.client.trusted(now) {
		s.client.connections.use(now, faultCost, maxDelay)
	}
}

// maxCommandWait is the longest time that a command waits because of a rate.
const maxCommandWait = 5 * time.Second

// loginCommands is the number of commands a second that a session has before its
// login, under every policy.
const loginCommands = 20

// Command returns how long the session's next command has to wait, at most 5 s. If
// it had to wait longer, the command has to be refused after that time, and over is
// the rest.
func (s *Admission) Command() (wait, over time.Duration) {
	wait, ok := s.commandWait(time.Now())
	if !ok {
		wait, over = maxCommandWait, wait-maxCommandWait
	}
	return wait, over
}

func (s *Admission) commandWait(now time.Time) (wait time.Duration, ok bool) {
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

// CommandRate returns the lowest rate of commands a second that a login has brought,
// 0 without one.
func (s *Admission) CommandRate() int {
	if s.account == nil {
		return 0
	}
	a, b := s.client.commands.rate(), s.account.commands.rate()
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// Pause waits for a time that Command or Failed has returned.
func (s *Admission) Pause(ctx context.Context, wait time.Duration) error {
	_, err := s.table.waits.Commands.wait(ctx, wait, nil, &s.waited)
	return err
}

// Bytes returns how many of n bytes may be sent now, at least one. It waits as long
// as the slowest rate of the session demands.
func (s *Admission) Bytes(ctx context.Context, n int64) (int64, error) {
	for i := range s.shares {
		if s.shares[i].bucket == nil {
			continue
		}
		var err error
		if n, err = s.shares[i].upTo(ctx, n, &s.table.waits.Bytes, &s.waited); err != nil {
			return 0, err
		}
	}
	for i := range s.shares {
		s.shares[i].use(n)
	}
	return n, nil
}

// SetRate changes the session's own byte rate, at once. 0 is no limit.
func (s *Admission) SetRate(bytesPerSecond int64) { s.own.set(bytesPerSecond) }

// Rate returns the session's own byte rate, 0 without a limit.
func (s *Admission) Rate() int64 { return s.own.rate.Load() }

// Waited returns how long limits have held the session up.
func (s *Admission) Waited() time.Duration { return time.Duration(s.waited.Load()) }
