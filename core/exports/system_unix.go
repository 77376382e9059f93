//go:build unix

package exports

import (
	"io/fs"
	"syscall"
)

// noWait prevents that opening a FIFO blocks, and that a terminal becomes the
// process's controlling terminal.
const noWait = syscall.O_NONBLOCK | syscall.O_NOCTTY

// identity returns the device and the inode of a local file, and 0 for others.
func identity(fi fs.FileInfo) (device, inode uint64) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev), uint64(st.Ino)
	}
	return 0, 0
}
