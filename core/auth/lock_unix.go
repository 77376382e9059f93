//go:build unix

package auth

import (
	"os"

	"golang.org/x/sys/unix"
)

// lock keeps other editors out of a folder until unlock.
func lock(dir string) (unlock func() error, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		if err = unix.Flock(int(d.Fd()), unix.LOCK_EX); err == nil {
			return d.Close, nil
		}
		if err != unix.EINTR {
			d.Close()
			return nil, err
		}
	}
}
