//go:build !linux

package clientcmd

import (
	"errors"
	"os"
)

// syncFiles syncs one file after the other.
func syncFiles(files []*os.File) (err error) {
	for _, f := range files {
		err = errors.Join(err, f.Sync())
	}
	return err
}
