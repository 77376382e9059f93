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

// A Ban refuses the new connections of a target, and the logins of its existing
// sessions.
type Ban struct {
	Target string    `json:"target"` // an address, a prefix, or "user=NAME"
	Kind   string    `json:"kind"`   // "addr", "cidr" or "user"
	Until  time.Time `json:"until"`  // zero: for ever
	Reason string    `json:"reason"`
	By     string    `json:"by"` // an operator, or Automatic
}

// ErrTarget is returned for a text that isn't a target of bans.
var ErrTarget = errors.New("no address, prefix or user=NAME")

// Automatic is the By of bans that the table imposes itself.
const Automatic = "mtsd"

func (b *Ban) active(now time.Time) bool { return b.Until.IsZero() || now.Before(b.Until) }

// Ban bans a target: an IP address, a prefix such as 10.0.0.0/8, or user=NAME. It
// ignores b.Kind, and replaces an existing ban of the target. The error wraps
// ErrTarget, or says why the file couldn't be written; then the ban is in force
// nevertheless.
func (t *Table) Ban(b Ban) error {
	key, err := parseTarget(b.Target)
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.bans.put(&ban{Ban: key.describe(b), key: key})
	t.mu.Unlock()
	return t.bans.save()
}

// Unban removes the ban of a target and clears the penalties of its clients. For an
// IPv6 address it also removes the ban of its /64. It reports whether there was a
// ban.
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

// Bans returns the bans in force, sorted by target.
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

// A banKey is a target: an account, or a masked prefix. IPv4 addresses in IPv6
// form are written as IPv4 addresses.
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
			return banKey{}, errors.New("the prefix has more than all IPv4 addresses")
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return banKey{prefix: p.Masked()}, nil
}

// describe returns b with the canonical Target and the Kind of the key.
func (k banKey) describe(b Ban) Ban {
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

// maxBans limits the number of bans that the table imposes itself.
const maxBans = 1 << 17

// maxBanTime is the longest ban of the table. If a client stays without a ban for
// that long, its next ban is a short one again.
const maxBanTime = 24 * time.Hour

// A ban is a record of the list. It is kept for a while after the ban has ended,
// so that the next ban lasts longer.
type ban struct {
	Ban
	Strikes int `json:"strikes"` // number of bans in a row; 0 for a ban by an operator
	key     banKey
}

// expired reports whether the record isn't needed any more.
func (b *ban) expired(now time.Time) bool {
	return !b.Until.IsZero() && now.Sub(b.Until) > time.Duration(min(b.Strikes, 1))*maxBanTime
}

// banClient bans a client for twice as long as the last time. It reports whether
// there was room for the ban.
func (l *banList) banClient(now time.Time, client netip.Prefix, first time.Duration, reason string) bool {
	key := banKey{prefix: client}
	strikes := 0
	if old := l.records[key]; old != nil {
		if old.active(now) && old.Until.IsZero() {
			return true
		}
		if !old.expired(now) {
			strikes = old.Strikes
		}
	} else if !l.makeRoom(now) {
		return false
	}
	b := Ban{Until: now.Add(banTime(first, strikes)).UTC(), Reason: reason, By: Automatic}
	l.put(&ban{Ban: key.describe(b), key: key, Strikes: strikes + 1})
	l.saveSoon()
	return true
}

// banTime returns how long a ban lasts after a number of earlier bans.
func banTime(first time.Duration, strikes int) time.Duration {
	d := first
	for range strikes {
		if d >= maxBanTime {
			return d
		}
		d = min(2*d, maxBanTime)
	}
	return d
}

// makeRoom drops records that aren't needed, but no ban in force. It reports
// whether there is room for another record.
func (l *banList) makeRoom(now time.Time) bool {
	seen := 0
	for key, b := range l.records {
		if b.expired(now) || len(l.records) >= maxBans && !b.active(now) {
			l.remove(key)
		}
		if seen++; seen == 64 {
			break
		}
	}
	return len(l.records) < maxBans
}

// put adds a record. It replaces a record with the same target.
func (l *banList) put(b *ban) {
	l.remove(b.key)
	l.records[b.key] = b
	l.lengths[length(b.key)]++
}

// remove removes a record. It reports whether there was a ban in force.
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

// A prefixLength is a length of prefixes, of IPv4 or IPv6.
type prefixLength struct {
	ip4  bool
	bits int
}

func length(k banKey) prefixLength {
	return prefixLength{k.prefix.Addr().Is4(), k.prefix.Bits()}
}

// hasAddr reports whether an address, or a prefix that contains it, is banned.
func (l *banList) hasAddr(now time.Time, a netip.Addr) bool {
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

// hasUser reports whether an account is banned.
func (l *banList) hasUser(now time.Time, name string) bool {
	b := l.records[banKey{user: name}]
	return b != nil && b.active(now)
}
