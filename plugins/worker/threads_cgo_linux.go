//go:build cgo

package worker

import "os"

// allThreads reports whether package psx works: in a program built with cgo it
// looks for the threads of the process in a /proc that shows them, which the
// first process of a namespace doesn't have.
func allThreads() bool { return os.Getpid() != 1 }
