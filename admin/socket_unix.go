//go:build unix

package admin

import "syscall"

// restrictUmask makes new files accessible to their owner only, until undo. The
// umask is the process's; files made elsewhere meanwhile only get tighter modes.
func restrictUmask() (undo func()) {
	old := syscall.Umask(0o077)
	return func() { syscall.Umask(old) }
}
