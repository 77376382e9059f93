package clientcmd

import (
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// lock locks f for this process until it is closed.
func lock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	// A byte far after the content: on Windows a locked byte can't be read.
	at := windows.Overlapped{OffsetHigh: 1 << 30}
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &at)
}

// singleName returns true: this system doesn't tell.
func singleName(fs.FileInfo) bool { return true }

// own returns true: this system doesn't tell.
func own(fs.FileInfo) bool { return true }
