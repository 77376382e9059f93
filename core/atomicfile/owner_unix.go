//go:build unix

package atomicfile

import (
	"os"
	"syscall"
)

// keepOwner gives f the owner of the file at path if this process is root. So a
// file of a service stays readable for it. A link, which f replaces, counts for
// nothing: anybody may have made it.
func keepOwner(f *os.File, path string) error {
	fi, err := os.Lstat(path)
	if err != nil || !fi.Mode().IsRegular() {
		return nil
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return f.Chown(int(st.Uid), int(st.Gid))
}
