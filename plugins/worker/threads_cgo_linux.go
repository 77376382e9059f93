//go:build cgo

package worker

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// threadsKnown reports whether package psx finds the threads of the process. In
// a program built with cgo it looks for them in /proc/PID/task, and the process
// with the number 1 in its namespace would find those of another process there.
func threadsKnown() bool { return os.Getpid() != 1 }

var errThreads = errors.New("a thread has begun or ended meanwhile")

// withThreads runs what uses package psx, in a root with a /proc/PID/task that
// it makes itself where there is none of the process. The root is to be left
// afterwards.
func withThreads(run func() error) error {
	if threadsKnown() {
		return run()
	}
	if err := enterRoot(0); err != nil {
		return err
	}
	before := threads()
	for _, id := range before {
		if err := os.MkdirAll(fmt.Sprintf("/proc/%d/task/%d", os.Getpid(), id), 0o700); err != nil {
			return err
		}
	}
	if err := run(); err != nil {
		return err
	}
	if !slices.Equal(threads(), before) {
		return errThreads
	}
	return nil
}

// threads returns the numbers of the process's threads, which begin at its own
// because the namespace is new.
func threads() (ids []int) {
	for id := 1; id <= maxThreads; id++ {
		if unix.Tgkill(os.Getpid(), id, 0) == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
