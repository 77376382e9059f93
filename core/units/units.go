// Package units reads and writes quantities: bytes, bytes per second and
// counts of things.
package units

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Size is a number of bytes, or of bytes per second.
//
// Its text is a whole number with or without a unit, in any case: B, KB MB GB
// TB (powers of 1000) or KiB MiB GiB TiB (powers of 1024).
type Size int64

// table returns the units of a Size, the largest first.
func table() []unit {
	return []unit{
		{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9},
		{"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"KB", 1e3}, {"B", 1},
	}
}

type unit struct {
	name  string
	bytes uint64
}

// ParseSize parses the text of a Size. A size is at most 2^63-1 bytes.
func ParseSize(text string) (Size, error) {
	number, bytes := text, uint64(1)
	for _, u := range table() {
		at := len(text) - len(u.name)
		if at > 0 && strings.EqualFold(text[at:], u.name) {
			number, bytes = text[:at], u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 63)
	switch {
	case errors.Is(err, strconv.ErrRange) || n > math.MaxInt64/bytes:
		return 0, fmt.Errorf("size %q is too large", text)
	case strings.HasPrefix(number, "-"):
		return 0, fmt.Errorf("size %q is negative", text)
	case err != nil:
		return 0, fmt.Errorf(`%q is not a size such as "10MB", "256KiB" or "0"`, text)
	}
	return Size(n * bytes), nil
}

// UnmarshalText sets s as ParseSize does. On an error it leaves s unchanged.
func (s *Size) UnmarshalText(text []byte) error {
	parsed, err := ParseSize(string(text))
	if err == nil {
		*s = parsed
	}
	return err
}

// String returns s exactly, in the largest unit that gives a whole number.
func (s Size) String() string {
	for _, u := range table() {
		if n := int64(s) / int64(u.bytes); s > 0 && u.bytes > 1 && n*int64(u.bytes) == int64(s) {
			return strconv.FormatInt(n, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText returns the text of String.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Short returns s with three digits, in powers of 1000: "1.19 MB".
func (s Size) Short() string {
	if s < 1000 {
		return strconv.FormatInt(int64(s), 10) + " B"
	}
	n := float64(s)
	for _, unit := range []string{"KB", "MB", "GB"} {
		if n /= 1000; n < 999.5 {
			return fmt.Sprintf("%.3g %s", n, unit)
		}
	}
	return fmt.Sprintf("%.4g TB", n/1000)
}

// ShortRate returns s as bytes per second, as Short does: "1.19 MB/s".
func (s Size) ShortRate() string { return s.Short() + "/s" }

// Count returns a number with its noun: "1 session", "2 sessions".
func Count(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.FormatInt(n, 10) + " " + noun
}
