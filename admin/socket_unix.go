//go:build unix

package admin

import "syscall"

// private lets nobody else use what is made, until undone. It holds for the
// whole process, whose other files at that time lose nothing that matters.
func private() (undo func()) {
	old := syscall.Umask(0o077)
	return func() { syscall.Umask(old) }
}
