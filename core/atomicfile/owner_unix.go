//go:build unix

package atomicfile

import (
	"os"
	"syscall"
)

// keepOwner gives f the owner of the file at path, if there is one and root is
// at work: what a service has to read stays its own.
func keepOwner(f *os.File, path string) error {
	fi, err := os.Stat(path)
	if err != nil {
		return nil
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return f.Chown(int(st.Uid), int(st.Gid))
}
