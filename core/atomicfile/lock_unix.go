//go:build unix

package atomicfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Lock locks a folder until unlock is called. While it is locked, Lock waits in
// every process, this one too.
func Lock(dir string) (unlock func() error, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		if err = unix.Flock(int(d.Fd()), unix.LOCK_EX); err == nil {
			return d.Close, nil
		}
		if !errors.Is(err, unix.EINTR) {
			d.Close()
			return nil, err
		}
	}
}
