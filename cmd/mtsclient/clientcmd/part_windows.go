package clientcmd

import (
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// lock makes f this process's alone, until it is closed.
func lock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	// A byte far behind the content: a lock on Windows keeps others from it.
	at := windows.Overlapped{OffsetHigh: 1 << 30}
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &at)
}

// sole can't tell here.
func sole(fs.FileInfo) bool { return true }
