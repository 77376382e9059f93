//go:build !unix && !windows

package clientcmd

import (
	"io/fs"
	"os"
)

// lock does nothing: this system has no locks.
func lock(*os.File) error { return nil }

// singleName returns true: this system doesn't tell.
func singleName(fs.FileInfo) bool { return true }

// own returns true: this system doesn't tell.
func own(fs.FileInfo) bool { return true }
