package limit

import "time"

// faultCost is the number of connections that a session counts as, beside its own
// one, if it ended by its client's fault. It slows down the new connections of the
// client and never bans: a web page, a health check or another user behind the same
// address may be the cause.
const faultCost = 4

// A score is a sum of penalties, which decays.
type score struct {
	sum float64
	at  time.Time // when sum was computed
}

// left returns what is left of the score now. A penalty of 1 decays in decay.
func (s score) left(now time.Time, decay time.Duration) float64 {
	if s.sum == 0 || decay == 0 {
		return 0
	}
	return max(0, s.sum-float64(now.Sub(s.at))/float64(decay))
}

// decay returns the time in which a penalty of 1 decays, 0 if there are no
// penalties.
func (p *Policy) decay() time.Duration {
	if p.Failures == 0 {
		return 0
	}
	return p.BanTime / time.Duration(p.Failures)
}

// penalize adds a failed login to a client's score and bans the client if the
// score is too high.
func (t *Table) penalize(now time.Time, c *client) {
	decay := t.policy.decay()
	if decay == 0 || c.exempt {
		return
	}
	c.penalty = score{c.penalty.left(now, decay) + 1, now}
	if !t.exceeded(now, c) || !c.prefix.IsValid() {
		return
	}
	if t.bans.banClient(now, c.prefix, t.policy.BanTime, "failed logins") {
		c.penalty, c.failed = score{}, nil
		t.waits.Bans.Add(1)
	}
}

// exceeded reports whether a client's score is high enough for a ban. slack makes
// up for what has decayed while the client was guessing.
func (t *Table) exceeded(now time.Time, c *client) bool {
	return t.policy.Failures > 0 && !c.exempt && c.penalty.left(now, t.policy.decay())+slack >= float64(t.policy.Failures)
}

const slack = 0.5

// maxFailed limits the number of accounts for which a client's failures are kept.
const maxFailed = 16

// fail counts a failed login. exists says whether there is such an account.
func (t *Table) fail(now time.Time, c *client, user string, exists bool) {
	if exists {
		t.account(user).failures++
		if c.failed == nil {
			c.failed = make(map[string]float64)
		}
		if _, known := c.failed[user]; known || len(c.failed) < maxFailed {
			c.failed[user]++
		}
	}
	t.penalize(now, c)
}

// forgive removes a client's penalties for one account, in which it has now
// logged in.
func (t *Table) forgive(now time.Time, c *client, user string) {
	left := c.penalty.left(now, t.policy.decay()) - c.failed[user]
	c.penalty = score{max(0, left), now}
	delete(c.failed, user)
}

// The delay of the answer to a failed login: its increase for each failure, and its
// maximum.
const (
	slowStep = 250 * time.Millisecond
	slowest  = 2 * time.Second
)

// slowdown returns the delay of the answer to a client's failed login. There is
// none for the first two: people mistype.
func (t *Table) slowdown(now time.Time, c *client) time.Duration {
	over := c.penalty.left(now, t.policy.decay()) - 2
	return time.Duration(min(max(0, over*float64(slowStep)), float64(slowest)))
}
