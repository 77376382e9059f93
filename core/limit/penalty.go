package limit

import "time"

// A Penalty is what a client has to pay, in failed logins.
type Penalty float64

// The penalties. What may be an accident costs little.
const (
	FailedLogin Penalty = 1
	Crash       Penalty = 0.25 // something in the server broke
	Garbage     Penalty = 0.05 // bytes that aren't the protocol
	Timeout     Penalty = 0.05 // a connection held, and no login in time
	NoLogin     Penalty = 0.01 // a connection ended without one
)

// A score is the sum of penalties, which decay.
type score struct {
	sum float64
	of  time.Time // when sum was right
}

// at returns the score now, if decay is the time that takes one off.
func (s score) at(now time.Time, decay time.Duration) float64 {
	if s.sum == 0 || decay == 0 {
		return 0
	}
	return max(0, s.sum-float64(now.Sub(s.of))/float64(decay))
}

// decay is how long it takes to be forgiven one failed login.
func (p *Policy) decay() time.Duration {
	if p.Failures == 0 {
		return 0
	}
	return p.BanTime / time.Duration(p.Failures)
}

// penalize adds to a client's score, and bans it when that is enough.
func (t *Table) penalize(now time.Time, c *client, p Penalty, reason string) {
	decay := t.policy.decay()
	if decay == 0 {
		return
	}
	c.penalty = score{c.penalty.at(now, decay) + float64(p), now}
	if !t.exceeded(now, c) || !c.prefix.IsValid() {
		return
	}
	if t.bans.automatic(now, c.prefix, t.policy.BanTime, reason) {
		c.penalty, c.failed = score{}, nil
		t.waits.Bans.Add(1)
	}
}

// exceeded reports whether a client has paid so much that it is kept out. What
// decayed while it was guessing doesn't count for it.
func (t *Table) exceeded(now time.Time, c *client) bool {
	return t.policy.Failures > 0 && c.penalty.at(now, t.policy.decay())+slack >= float64(t.policy.Failures)
}

const slack = 0.5

// maxFailed bounds the accounts whose failures a client is forgiven by a login.
const maxFailed = 16

// fail is a login that failed; exists says whether there is such an account.
func (t *Table) fail(now time.Time, c *client, user string, exists bool) {
	if exists {
		t.account(user).failures++
		if c.failed == nil {
			c.failed = make(map[string]float64)
		}
		if _, known := c.failed[user]; known || len(c.failed) < maxFailed {
			c.failed[user] += float64(FailedLogin)
		}
	}
	t.penalize(now, c, FailedLogin, "failed logins")
}

// forgive takes back what a client has paid for an account that it now has
// logged in to, and nothing that it has paid for others.
func (t *Table) forgive(now time.Time, c *client, user string) {
	left := c.penalty.at(now, t.policy.decay()) - c.failed[user]
	c.penalty = score{max(0, left), now}
	delete(c.failed, user)
}

// How long the answer to a login that failed is held back.
const (
	slowStep = 250 * time.Millisecond
	slowest  = 2 * time.Second
)

// slowdown is how long a client has to wait for the answer to its next failed
// login: nothing for the first two, since people mistype.
func (t *Table) slowdown(now time.Time, c *client) time.Duration {
	over := c.penalty.at(now, t.policy.decay()) - 2
	return time.Duration(min(max(0, over*float64(slowStep)), float64(slowest)))
}
