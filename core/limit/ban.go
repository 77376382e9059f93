package limit

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A Ban keeps somebody out: newcomers at the door, and sessions that exist from
// logging in.
type Ban struct {
	Target string    `json:"target"` // an address, a prefix, or "user=NAME"
	Kind   string    `json:"kind"`   // "addr", "cidr" or "user"
	Until  time.Time `json:"until"`  // zero: for ever
	Reason string    `json:"reason"`
	By     string    `json:"by"` // an operator, or Automatic
}

// ErrTarget says that nothing of that name can be banned.
var ErrTarget = errors.New("no address, prefix or user=NAME")

// Automatic is whom a ban is by that the table has made itself.
const Automatic = "mtsd"

func (b *Ban) active(now time.Time) bool { return b.Until.IsZero() || now.Before(b.Until) }

// Ban keeps a target out: an IP address, a prefix such as 10.0.0.0/8, or
// user=NAME. Its Kind is found out. A ban that the target has already is
// replaced. The error says that the target is none, or that the ban couldn't be
// kept in the file; it is in force in the second case.
func (t *Table) Ban(b Ban) error {
	key, err := parseTarget(b.Target)
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.bans.put(&ban{Ban: key.fill(b), key: key})
	t.mu.Unlock()
	return t.bans.save()
}

// Unban lets a target in again, and forgets what its clients have paid in
// penalties. An IPv6 address stands for its /64 too. It reports whether there
// was such a ban.
func (t *Table) Unban(target string) (bool, error) {
	key, err := parseTarget(target)
	if err != nil {
		return false, err
	}
	t.mu.Lock()
	found := t.bans.remove(key)
	if key.user == "" && key.prefix.IsSingleIP() {
		found = t.bans.remove(banKey{prefix: clientOf(key.prefix.Addr())}) || found
	}
	for p, c := range t.clients {
		if key.user == "" && key.prefix.Overlaps(p) {
			c.penalty, c.failed = score{}, nil
		}
	}
	t.mu.Unlock()
	return found, t.bans.save()
}

// Bans returns those in force, sorted by target.
func (t *Table) Bans() []Ban {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	var bans []Ban
	for _, b := range t.bans.records {
		if b.active(now) {
			bans = append(bans, b.Ban)
		}
	}
	slices.SortFunc(bans, func(a, b Ban) int { return cmp.Compare(a.Target, b.Target) })
	return bans
}

// A banKey is a target: a user, or a masked prefix of unmapped addresses.
type banKey struct {
	user   string
	prefix netip.Prefix
}

func parseTarget(s string) (banKey, error) {
	if user, ok := strings.CutPrefix(s, "user="); ok && user != "" {
		return banKey{user: user}, nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return banKey{}, fmt.Errorf("%q is %w", s, ErrTarget)
		}
		addr = addr.Unmap().WithZone("")
		p = netip.PrefixFrom(addr, addr.BitLen())
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return banKey{}, errors.New("a prefix of IPv4 addresses is shorter than them all")
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return banKey{prefix: p.Masked()}, nil
}

// fill gives a ban the one spelling of its target.
func (k banKey) fill(b Ban) Ban {
	switch {
	case k.user != "":
		b.Target, b.Kind = "user="+k.user, "user"
	case k.prefix.IsSingleIP():
		b.Target, b.Kind = k.prefix.Addr().String(), "addr"
	default:
		b.Target, b.Kind = k.prefix.String(), "cidr"
	}
	return b
}

// maxBans bounds the bans that the table makes itself.
const maxBans = 1 << 17

// longest is the most that a ban grows to, and how long it takes afterwards
// until the next begins small again.
const longest = 24 * time.Hour

// A ban is a record of the list. It outlives the ban, so that the next one
// lasts longer.
type ban struct {
	Ban
	Strikes int `json:"strikes"` // bans in a row, 0 for an operator's
	key     banKey
}

// spent reports whether nothing needs the record any more.
func (b *ban) spent(now time.Time) bool {
	return !b.Until.IsZero() && now.Sub(b.Until) > time.Duration(min(b.Strikes, 1))*longest
}

// automatic bans a client, for twice as long as the last time. It reports
// whether there was room for that.
func (l *banList) automatic(now time.Time, client netip.Prefix, first time.Duration, reason string) bool {
	key := banKey{prefix: client}
	strikes := 0
	if old := l.records[key]; old != nil {
		if old.active(now) && old.Until.IsZero() {
			return true
		}
		if !old.spent(now) {
			strikes = old.Strikes
		}
	} else if !l.makeRoom(now) {
		return false
	}
	b := Ban{Until: now.Add(banTime(first, strikes)).UTC(), Reason: reason, By: Automatic}
	l.put(&ban{Ban: key.fill(b), key: key, Strikes: strikes + 1})
	l.saveSoon()
	return true
}

// banTime is how long a ban lasts that strikes others came before.
func banTime(first time.Duration, strikes int) time.Duration {
	d := first
	for range strikes {
		if d >= longest {
			return d
		}
		d = min(2*d, longest)
	}
	return d
}

// makeRoom drops records that aren't needed. A ban in force never is.
func (l *banList) makeRoom(now time.Time) bool {
	seen := 0
	for key, b := range l.records {
		if b.spent(now) || len(l.records) >= maxBans && !b.active(now) {
			l.remove(key)
		}
		if seen++; seen == 64 {
			break
		}
	}
	return len(l.records) < maxBans
}

// put adds a record, or replaces the one with the same target.
func (l *banList) put(b *ban) {
	l.remove(b.key)
	l.records[b.key] = b
	l.lengths[length(b.key)]++
}

// remove reports whether there was a record, in force.
func (l *banList) remove(key banKey) bool {
	b := l.records[key]
	if b == nil {
		return false
	}
	delete(l.records, key)
	if n := length(key); l.lengths[n] > 1 {
		l.lengths[n]--
	} else {
		delete(l.lengths, n)
	}
	return b.active(time.Now())
}

// A prefixLength is a kind of key to look for.
type prefixLength struct {
	ip4  bool
	bits int
}

func length(k banKey) prefixLength {
	return prefixLength{k.prefix.Addr().Is4(), k.prefix.Bits()}
}

// addr reports whether an address is banned, or a prefix that it is in.
func (l *banList) addr(now time.Time, a netip.Addr) bool {
	for n := range l.lengths {
		if n.ip4 != a.Is4() {
			continue
		}
		p, _ := a.Prefix(n.bits)
		if b := l.records[banKey{prefix: p}]; p.IsValid() && b != nil && b.active(now) {
			return true
		}
	}
	return false
}

func (l *banList) user(now time.Time, name string) bool {
	b := l.records[banKey{user: name}]
	return b != nil && b.active(now)
}
