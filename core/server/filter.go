package server

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"mts/core/units"
)

// A Filter selects sessions: those that all of its conditions hold for.
type Filter []condition

type condition func(Info) bool

// A field says how to compare one property of a session.
type field struct {
	ops   string // those it can be compared by
	parse func(op, value string) (condition, error)
}

var fields = map[string]field{
	"id":     {"=!<>", number(func(i Info) int64 { return int64(i.ID) }, strconvInt)},
	"user":   {"=!", text(func(i Info) string { return i.User })},
	"state":  {"=!", text(func(i Info) string { return i.State })},
	"verb":   {"=!", text(func(i Info) string { return i.Verb })},
	"plugin": {"=!", text(func(i Info) string { return i.Plugin })},
	"tls":    {"=!", text(func(i Info) string { return map[bool]string{true: "yes", false: "no"}[i.TLS] })},
	"client": {"=!", client},
	"path":   {"=!", glob},
	"idle":   {"=<>", number(func(i Info) int64 { return i.IdleMS * int64(time.Millisecond) }, duration)},
	"age":    {"=<>", number(func(i Info) int64 { return int64(time.Since(i.Since)) }, duration)},
	"bytes":  {"=<>", number(func(i Info) int64 { return i.BytesOut }, size)},
	"rate":   {"=<>", number(func(i Info) int64 { return i.Rate }, size)},
}

// Conditions returns what a token of a filter may begin with, such as "user="
// and "idle>", sorted.
func Conditions() (begins []string) {
	for name, f := range fields {
		for _, op := range f.ops {
			begins = append(begins, name+strings.Replace(string(op), "!", "!=", 1))
		}
	}
	slices.Sort(begins)
	return begins
}

// ParseFilter reads tokens such as "user=ann", "idle>5m" or
// "client=10.0.0.0/8". Operators are =, !=, < and >.
func ParseFilter(tokens []string) (Filter, error) {
	var f Filter
	for _, token := range tokens {
		at := strings.IndexAny(token, "=!<>")
		if at < 1 {
			return nil, fmt.Errorf("filter %q: not of the form name=value", token)
		}
		name, op, value := token[:at], token[at:at+1], strings.TrimPrefix(token[at+1:], "=")
		fld, ok := fields[name]
		if !ok || !strings.Contains(fld.ops, op) || op == "!" && token[at+1:] == value {
			return nil, fmt.Errorf("filter %q: no such condition", token)
		}
		c, err := fld.parse(op, value)
		if err != nil {
			return nil, fmt.Errorf("filter %q: %w", token, err)
		}
		f = append(f, c)
	}
	return f, nil
}

// Match reports whether all conditions hold.
func (f Filter) Match(i Info) bool {
	for _, c := range f {
		if !c(i) {
			return false
		}
	}
	return true
}

func text(of func(Info) string) func(op, value string) (condition, error) {
	return func(op, value string) (condition, error) {
		return func(i Info) bool { return (of(i) == value) == (op == "=") }, nil
	}
}

func number(of func(Info) int64, read func(string) (int64, error)) func(op, value string) (condition, error) {
	return func(op, value string) (condition, error) {
		n, err := read(value)
		return func(i Info) bool {
			switch got := of(i); op {
			case "<":
				return got < n
			case ">":
				return got > n
			default:
				return (got == n) == (op == "=")
			}
		}, err
	}
}

func strconvInt(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }

func duration(s string) (int64, error) {
	d, err := time.ParseDuration(s)
	return int64(d), err
}

func size(s string) (int64, error) {
	n, err := units.ParseSize(s)
	return int64(n), err
}

// client compares addresses, by prefix if there is one.
func client(op, value string) (condition, error) {
	prefix, err := netip.ParsePrefix(value)
	if err != nil {
		addr, err := netip.ParseAddr(value)
		if err != nil {
			return nil, err
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	return func(i Info) bool {
		addr, err := netip.ParseAddr(i.Client)
		return (err == nil && prefix.Contains(addr)) == (op == "=")
	}, nil
}

func glob(op, value string) (condition, error) {
	_, err := path.Match(value, "")
	return func(i Info) bool {
		ok, _ := path.Match(value, i.Path)
		base, _ := path.Match(value, path.Base(i.Path))
		return (ok || base) == (op == "=")
	}, err
}
