// Package cmp is the standard library's.
package cmp

// Ordered are the types that have an order.
type Ordered interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr | ~float32 | ~float64 | ~string
}

// Less reports whether x is less than y. A NaN is less than anything else.
func Less[T Ordered](x, y T) bool { return x != x && y == y || x < y }

// Compare returns -1, 0 or 1 as x is less than, equal to or greater than y.
func Compare[T Ordered](x, y T) int {
	switch {
	case Less(x, y):
		return -1
	case Less(y, x):
		return 1
	}
	return 0
}

// Or returns the first value that isn't zero.
func Or[T comparable](vals ...T) T {
	var zero T
	for _, v := range vals {
		if v != zero {
			return v
		}
	}
	return zero
}
