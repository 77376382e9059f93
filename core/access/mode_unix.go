//go:build unix

package access

import (
	"io/fs"
	"os"
	"syscall"
)

const (
	othersWrite fs.FileMode = 0o002
	groupWrite  fs.FileMode = 0o020
	groupRead   fs.FileMode = 0o040
	notOwner    fs.FileMode = 0o077
)

// owner returns whom the file belongs to, if that is known.
func owner(info fs.FileInfo) (uid int, known bool) {
	st, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return 0, false
	}
	return int(st.Uid), true
}

// isOwn reports whether the file belongs to the user that this process runs as.
func isOwn(info fs.FileInfo) bool {
	uid, known := owner(info)
	return known && uid == os.Geteuid()
}
