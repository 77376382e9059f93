// Package iter is the standard library's without Pull, which needs goroutines.
package iter

// Seq is a function that yields values until it is told to stop.
type Seq[V any] func(yield func(V) bool)

// Seq2 is a function that yields pairs of values until it is told to stop.
type Seq2[K, V any] func(yield func(K, V) bool)
