//go:build !unix && !windows

package clientcmd

import (
	"io/fs"
	"os"
)

// lock does nothing: this system has no locks.
func lock(*os.File) error { return nil }

// exclusive returns true: this system doesn't tell.
func exclusive(fs.FileInfo) bool { return true }
