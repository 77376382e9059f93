//go:build unix

package exports

import (
	"io/fs"
	"syscall"
)

// noWait keeps a FIFO from blocking, and a terminal from becoming ours.
const noWait = syscall.O_NONBLOCK | syscall.O_NOCTTY

// identity returns the device and the inode of a local file, 0 of others.
func identity(fi fs.FileInfo) (device, inode uint64) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev), uint64(st.Ino)
	}
	return 0, 0
}
