package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Size is a number of bytes, or of bytes per second; 0 means no limit.
//
// Its text is a whole number with or without a unit, in any case: B, KB MB GB
// TB (powers of 1000) or KiB MiB GiB TiB (powers of 1024).
type Size int64

type unit struct {
	name  string
	bytes uint64
}

// units returns the units of a Size, the largest first.
func units() []unit {
	return []unit{
		{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9},
		{"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"KB", 1e3}, {"B", 1},
	}
}

// UnmarshalText sets s to what text says, or returns an error and leaves s alone.
func (s *Size) UnmarshalText(text []byte) error {
	number, bytes := string(text), uint64(1)
	for _, u := range units() {
		at := len(text) - len(u.name)
		if at > 0 && strings.EqualFold(string(text[at:]), u.name) {
			number, bytes = string(text[:at]), u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 63)
	switch {
	case errors.Is(err, strconv.ErrRange) || n > math.MaxInt64/bytes:
		return fmt.Errorf("size %q is too large", text)
	case strings.HasPrefix(number, "-"):
		return fmt.Errorf("size %q is negative", text)
	case err != nil:
		return fmt.Errorf(`%q is no size such as "10MB", "256KiB" or "0"`, text)
	}
	*s = Size(n * bytes)
	return nil
}

// String returns s in the largest unit that gives a whole number.
func (s Size) String() string {
	for _, u := range units() {
		if n := int64(s) / int64(u.bytes); s > 0 && u.bytes > 1 && n*int64(u.bytes) == int64(s) {
			return strconv.FormatInt(n, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText returns what String does.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
