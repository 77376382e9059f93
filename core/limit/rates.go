package limit

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// totalTarget is the target that stands for the whole server.
const totalTarget = "total"

// Configured is the rate for SetRate that restores the one of the policy.
const Configured int64 = -1

// A ByteRate is the byte rate of a target.
type ByteRate struct {
	Target string `json:"target"` // "total", "user=NAME" or "client=ADDR"
	Rate   int64  `json:"rate"`   // bytes a second, 0: no limit
}

func userTarget(name string) string { return "user=" + name }

// clientTarget returns the target for a client: its address for IPv4, its prefix
// for IPv6.
func clientTarget(p netip.Prefix) string {
	if p.IsSingleIP() {
		return "client=" + p.Addr().String()
	}
	return "client=" + p.String()
}

// SetRate changes the byte rate of a target: "total", "user=NAME" or
// "client=ADDR". 0 is no limit. The rate takes effect at once, for running
// transfers too. It overrides the policy until the process ends.
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
	if _, known := t.byteRates[target]; !known && len(t.byteRates) >= maxByteRates {
		return errors.New("too many rates are set")
	}
	t.byteRates[target] = bytesPerSecond
	if bytesPerSecond == Configured {
		delete(t.byteRates, target)
	}
	t.applyPolicy()
	return nil
}

// maxByteRates limits the number of rates that SetRate keeps.
const maxByteRates = 10000

// rateTarget returns the canonical spelling of a target.
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

// parseClient returns the prefix of a client from its address or its prefix.
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

// byteRate returns the rate of a target: that of SetRate, or else configured.
func (t *Table) byteRate(target string, configured int64) int64 {
	if r, ok := t.byteRates[target]; ok {
		return r
	}
	return configured
}

// ByteRates returns the total rate, followed by the rates that SetRate has set,
// sorted by target.
func (t *Table) ByteRates() []ByteRate {
	t.mu.Lock()
	defer t.mu.Unlock()
	rates := []ByteRate{{totalTarget, t.total.rate.Load()}}
	for target, r := range t.byteRates {
		if target != totalTarget {
			rates = append(rates, ByteRate{target, r})
		}
	}
	slices.SortFunc(rates[1:], func(a, b ByteRate) int { return strings.Compare(a.Target, b.Target) })
	return rates
}
