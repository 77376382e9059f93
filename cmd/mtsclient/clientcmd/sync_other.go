//go:build !linux

package clientcmd

import "os"

// syncFiles syncs files.
func syncFiles(files []*os.File) error { return syncEach(files) }
