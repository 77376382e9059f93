//go:build unix

package exports

import (
	"io/fs"
	"syscall"
)

// noWait prevents that opening a FIFO blocks, and that a terminal becomes the
// process's controlling terminal.
const noWait = syscall.O_NONBLOCK | syscall.O_NOCTTY

// identity returns device, inode and ctime of a local file.
func identity(fi fs.FileInfo) (v Version, ok bool) {
	if own, ok := fi.(interface{ identity() Version }); ok {
		return own.identity(), true
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if ok {
		v = Version{Device: uint64(st.Dev), Inode: uint64(st.Ino), Changed: ctime(st)}
	}
	return v, ok
}
