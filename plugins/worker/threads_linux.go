//go:build !cgo

package worker

// allThreads reports whether package psx works, which then uses the runtime.
func allThreads() bool { return true }
