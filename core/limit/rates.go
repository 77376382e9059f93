package limit

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// totalTarget is the whole server as a target of SetRate.
const totalTarget = "total"

// Configured makes SetRate go back to what the policy says.
const Configured int64 = -1

// A Rate is the byte rate that a target is held to.
type Rate struct {
	Target string `json:"target"` // "total", "user=NAME" or "client=ADDR"
	Rate   int64  `json:"rate"`   // bytes a second, 0: no limit
}

func userTarget(name string) string { return "user=" + name }

// clientTarget names a client: by its address if that is all of it.
func clientTarget(p netip.Prefix) string {
	if p.IsSingleIP() {
		return "client=" + p.Addr().String()
	}
	return "client=" + p.String()
}

// SetRate changes the byte rate of a target: "total", "user=NAME" or
// "client=ADDR". It counts for transfers under way too, and stays until the
// process ends, whatever the policy says. 0 is no limit.
func (t *Table) SetRate(target string, bytesPerSecond int64) error {
	target, err := rateTarget(target)
	if err != nil {
		return err
	}
	if bytesPerSecond < Configured {
		return fmt.Errorf("rate %d is negative", bytesPerSecond)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.rates[target]; !known && len(t.rates) >= maxRates {
		return errors.New("too many rates are set")
	}
	t.rates[target] = bytesPerSecond
	if bytesPerSecond == Configured {
		delete(t.rates, target)
	}
	t.fitAll()
	return nil
}

// maxRates bounds what SetRate keeps.
const maxRates = 10000

// rateTarget returns the one spelling of a target.
func rateTarget(target string) (string, error) {
	kind, name, _ := strings.Cut(target, "=")
	switch {
	case target == totalTarget, kind == "user" && name != "":
		return target, nil
	case kind == "client":
		p, err := parseClient(name)
		return clientTarget(p), err
	}
	return "", fmt.Errorf("%q is not total, user=NAME or client=ADDR", target)
}

// parseClient returns the client of an address, or of the prefix that it is.
func parseClient(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		addr, err := netip.ParseAddr(s)
		return clientOf(addr), err
	}
	if c := clientOf(p.Addr()); c == p.Masked() {
		return c, nil
	}
	return p, fmt.Errorf("%s is not one client: an IPv4 address, or an IPv6 /64", s)
}

// rate returns what a target is held to, if the policy says configured.
func (t *Table) rate(target string, configured int64) int64 {
	if r, ok := t.rates[target]; ok {
		return r
	}
	return configured
}

// Rates returns the rates that SetRate has set, sorted by target, behind the
// total.
func (t *Table) Rates() []Rate {
	t.mu.Lock()
	defer t.mu.Unlock()
	rates := []Rate{{totalTarget, t.total.rate.Load()}}
	for target, r := range t.rates {
		if target != totalTarget {
			rates = append(rates, Rate{target, r})
		}
	}
	slices.SortFunc(rates[1:], func(a, b Rate) int { return strings.Compare(a.Target, b.Target) })
	return rates
}
