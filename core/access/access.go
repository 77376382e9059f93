// Package access tells whether somebody else may change or read what the
// server trusts: its configuration, accounts, keys, plugins and sockets.
//
// Each policy is one function, which returns nil or what is wrong and how to
// change that. All of them look at Unix permissions and find nothing wrong on
// systems that keep access lists instead.
package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

var (
	errWrite   = errors.New("others may write to it; run chmod o-w on it")
	errReplace = errors.New("others may write to its folder; run chmod go-w on the folder")
)

// CheckWrite returns an error if others than the owner and the group may write
// to the file or folder that info describes.
func CheckWrite(info fs.FileInfo) error {
	if info.Mode()&othersWrite != 0 {
		return errWrite
	}
	return nil
}

// CheckReplace returns an error if others than the owner and the group of the
// folder of path may put another file at path. A sticky folder such as /tmp
// lets them only add files. A folder that can't be looked at is no error: the
// file in it can't be opened either.
func CheckReplace(path string) error {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return nil
	}
	return checkFolder(info, othersWrite)
}

// CheckSocket returns an error if others may put another socket at path: as
// CheckReplace does, but in a folder of somebody else its group is others too.
func CheckSocket(path string) error {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	if isOwn(info) {
		return checkFolder(info, othersWrite)
	}
	return checkFolder(info, othersWrite|groupWrite)
}

// checkFolder returns an error if those with the permissions writers may
// replace a file in the folder that info describes.
func checkFolder(info fs.FileInfo, writers fs.FileMode) error {
	if info.Mode()&writers != 0 && info.Mode()&fs.ModeSticky == 0 {
		return errReplace
	}
	return nil
}

// CheckSecret returns an error if the group or others have any right to the
// file that info describes.
func CheckSecret(info fs.FileInfo) error {
	if info.Mode()&notOwner != 0 {
		return fmt.Errorf("mode %04o, want 0600", info.Mode().Perm())
	}
	return nil
}
