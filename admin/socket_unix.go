//go:build unix

package admin

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// checkFolder refuses a folder in which others may replace a socket: a sticky
// one, such as /tmp, lets them only add to it.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	others := fs.FileMode(0o022)
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) == os.Geteuid() {
		others = 0o002
	}
	if info.Mode()&others != 0 && info.Mode()&fs.ModeSticky == 0 {
		return errors.New("others may write to its folder; run chmod go-w on it")
	}
	return nil
}

// private lets nobody else use what is made, until undone. It holds for the
// whole process, whose other files at that time lose nothing that matters.
func private() (undo func()) {
	old := syscall.Umask(0o077)
	return func() { syscall.Umask(old) }
}
