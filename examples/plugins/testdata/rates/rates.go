// Package rates reports how much each account moved, from a file of transfers.
package rates

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"mts/core"
)

// Number is what can be summed up.
type Number interface {
	~int | ~int64 | ~float64
}

// A Series is a list of measurements.
type Series[T Number] []T

// Sum returns the sum.
func (s Series[T]) Sum() (sum T) {
	for _, x := range s {
		sum += x
	}
	return
}

// Mean returns the mean value, 0 of none.
func (s Series[T]) Mean() float64 {
	if len(s) == 0 {
		return 0
	}
	return float64(s.Sum()) / float64(len(s))
}

// Percentile returns the value that p percent don't exceed.
func (s Series[T]) Percentile(p int) T {
	sorted := slices.Sorted(slices.Values(s))
	i := int(math.Ceil(float64(p)/100*float64(len(sorted)))) - 1
	return sorted[max(i, 0)]
}

// A Table groups values by a key.
type Table[K cmp.Ordered, V any] struct {
	rows map[K][]V
}

// Add adds a value.
func (t *Table[K, V]) Add(key K, value V) {
	if t.rows == nil {
		t.rows = make(map[K][]V)
	}
	t.rows[key] = append(t.rows[key], value)
}

// All goes through the groups by key.
func (t *Table[K, V]) All() iter.Seq2[K, []V] {
	return func(yield func(K, []V) bool) {
		for _, k := range slices.Sorted(maps.Keys(t.rows)) {
			if !yield(k, t.rows[k]) {
				return
			}
		}
	}
}

func apply[A, B any](list []A, f func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, a := range list {
		out = append(out, f(a))
	}
	return out
}

type rate float64 // bytes a second

func (r rate) String() string {
	units := []string{"B/s", "kB/s", "MB/s", "GB/s"}
	i, x := 0, float64(r)
	for x >= 1000 && i < len(units)-1 {
		x /= 1000
		i++
	}
	return fmt.Sprintf("%.1f %s", x, units[i])
}

type transfer struct {
	user  string
	bytes int64
	took  time.Duration
}

func (t transfer) rate() rate {
	if t.took <= 0 {
		return 0
	}
	return rate(float64(t.bytes) / t.took.Seconds())
}

func transfers(r io.Reader) iter.Seq2[transfer, error] {
	return func(yield func(transfer, error) bool) {
		lines := bufio.NewScanner(r)
		for n := 1; lines.Scan(); n++ {
			var t transfer
			var took string
			_, err := fmt.Sscanf(lines.Text(), "%s %d %s", &t.user, &t.bytes, &took)
			if err == nil {
				t.took, err = time.ParseDuration(took)
			}
			if err != nil {
				err = fmt.Errorf("line %d: %w", n, err)
			}
			if !yield(t, err) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(transfer{}, err)
		}
	}
}

// Commands returns RATES.
func Commands() []core.Command {
	return []core.Command{{Verb: "RATES", Args: "PATH", Help: "reports rates by account", Run: rates}}
}

func rates(c *core.Call) error {
	f, err := c.Open(c.Arg())
	if err != nil {
		return err
	}
	defer f.Close()
	var table Table[string, transfer]
	bad := 0
	for t, err := range transfers(f) {
		if err != nil {
			if bad++; bad > 3 {
				return fmt.Errorf("too many errors, the last: %w", err)
			}
			c.Logf("%v", err)
			continue
		}
		table.Add(t.user, t)
	}
	var total Series[int64]
	slowest := map[string]rate{}
	for user, list := range table.All() {
		bytes := Series[int64](apply(list, func(t transfer) int64 { return t.bytes }))
		speeds := Series[rate](apply(list, transfer.rate))
		total = append(total, bytes...)
		slowest[user] = slices.Min(speeds)
		c.Printf("%-8s n=%-3d sum=%-10d mean=%.1f p50=%v p95=%v %s\n", user, len(list), bytes.Sum(),
			bytes.Mean(), speeds.Percentile(50), speeds.Percentile(95), strings.Repeat("*", min(len(list), 20)))
	}
	c.Printf("slowest: %v\n", slowest)
	c.Reply("Accounts: %d, bytes: %d, bad lines: %d.", len(slowest), total.Sum(), bad)
	return nil
}
