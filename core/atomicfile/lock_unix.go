//go:build unix

package atomicfile

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// errNoLocks is what a network file system without locks says.
const errNoLocks = syscall.ENOLCK

// Lock locks a folder until unlock is called. While it is locked, Lock waits in
// every process, this one too. In a file system without locks it does nothing; see
// OnLack.
func Lock(dir string) (unlock func() error, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(d.Fd()), unix.LOCK_EX)
		if err = lacks.Without(dir, "lock files", err); err == nil {
			return d.Close, nil
		}
		if !errors.Is(err, unix.EINTR) {
			d.Close()
			return nil, err
		}
	}
}
