//go:build !unix && !windows

package clientcmd

import (
	"io/fs"
	"os"
)

// lock is for platforms that have one.
func lock(*os.File) error { return nil }

// sole can't tell here.
func sole(fs.FileInfo) bool { return true }
