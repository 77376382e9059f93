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

// A Filter selects the sessions for which all of its conditions hold. An empty
// one selects all.
type Filter []condition

type condition struct {
	name, op, value string
	holds           predicate
}

type predicate func(Row) bool

// A field says how to compare one property of a session.
type field struct {
	ops   string // the operators that it has
	parse func(op, value string) (predicate, error)
}

var fields = map[string]field{
	"id":     {"=!<>", number(func(r Row) int64 { return int64(r.ID) }, strconvInt)},
	"user":   {"=!", text(func(r Row) string { return r.User })},
	"state":  {"=!", text(func(r Row) string { return r.State })},
	"verb":   {"=!", text(func(r Row) string { return r.Verb })},
	"plugin": {"=!", text(func(r Row) string { return r.Plugin })},
	"tls":    {"=!", text(func(r Row) string { return map[bool]string{true: "yes", false: "no"}[r.TLS] })},
	"client": {"=!", client},
	"path":   {"=!", glob},
	"idle":   {"=<>", number(func(r Row) int64 { return r.IdleMS * int64(time.Millisecond) }, duration)},
	"age":    {"=<>", number(func(r Row) int64 { return int64(time.Since(r.Since)) }, duration)},
	"bytes":  {"=<>", number(func(r Row) int64 { return r.BytesOut }, size)},
	"rate":   {"=<>", number(func(r Row) int64 { return r.Rate }, size)},
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
		holds, err := fld.parse(op, value)
		if err != nil {
			return nil, fmt.Errorf("filter %q: %w", token, err)
		}
		f = append(f, condition{name, op, value, holds})
	}
	return f, nil
}

// Match reports whether all conditions hold for a session.
func (f Filter) Match(r Row) bool {
	for _, c := range f {
		if !c.holds(r) {
			return false
		}
	}
	return true
}

// onlyID returns the id that f asks for, if it asks for one.
func (f Filter) onlyID() (id uint64, ok bool) {
	for _, c := range f {
		if c.name == "id" && c.op == "=" {
			n, _ := strconvInt(c.value)
			return uint64(n), true
		}
	}
	return 0, false
}

func text(property func(Row) string) func(op, value string) (predicate, error) {
	return func(op, value string) (predicate, error) {
		return func(r Row) bool { return (property(r) == value) == (op == "=") }, nil
	}
}

func number(property func(Row) int64, read func(string) (int64, error)) func(op, value string) (predicate, error) {
	return func(op, value string) (predicate, error) {
		n, err := read(value)
		return func(r Row) bool {
			switch got := property(r); op {
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

// client compares an address with another one or with a prefix.
func client(op, value string) (predicate, error) {
	prefix, err := netip.ParsePrefix(value)
	if err != nil {
		addr, err := netip.ParseAddr(value)
		if err != nil {
			return nil, err
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	return func(r Row) bool {
		addr, err := netip.ParseAddr(r.Client)
		return (err == nil && prefix.Contains(addr)) == (op == "=")
	}, nil
}

// glob compares a path, or its last element, with a pattern.
func glob(op, value string) (predicate, error) {
	_, err := path.Match(value, "")
	return func(r Row) bool {
		ok, _ := path.Match(value, r.Path)
		base, _ := path.Match(value, path.Base(r.Path))
		return (ok || base) == (op == "=")
	}, err
}
