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
	notOwner    fs.FileMode = 0o077
)

// isOwn reports whether the file belongs to the user that this process runs as.
func isOwn(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
