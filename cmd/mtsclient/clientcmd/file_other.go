//go:build !unix

package clientcmd

import (
	"io/fs"
	"os"
	"time"
)

// A fileID is the same for two names of a file.
type fileID struct{}

// idOf returns false: this system doesn't tell.
func idOf(fs.FileInfo) (fileID, bool) { return fileID{}, false }

// setTime sets the modification time of a file.
func setTime(root *os.Root, name string, modified time.Time) error {
	return root.Chtimes(name, time.Time{}, modified)
}
