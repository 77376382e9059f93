//go:build unix

package clientcmd

import (
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A fileID is the same for two names of a file.
type fileID struct{ dev, ino uint64 }

// idOf returns the identity of a file.
func idOf(fi fs.FileInfo) (fileID, bool) {
	s, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}, false
	}
	return fileID{uint64(s.Dev), uint64(s.Ino)}, true
}

// setTime sets the modification time of a file. Root.Chtimes counts nanoseconds
// from 1970, which wrap around beyond the years 1678 to 2262.
func setTime(root *os.Root, name string, modified time.Time) error {
	if time.Unix(0, modified.UnixNano()).Equal(modified) {
		return root.Chtimes(name, time.Time{}, modified)
	}
	in, err := root.Open(".")
	if err != nil {
		return err
	}
	defer in.Close()
	at, err := unix.TimeToTimespec(modified)
	if err != nil {
		return err
	}
	return unix.UtimesNanoAt(int(in.Fd()), name, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW)
}
