// Package access tells whether somebody else may change or read what the
// server trusts: its configuration, accounts, keys, plugins, state and sockets.
//
// Each policy is one function, which returns nil or what is wrong and how to
// change that. All of them look at Unix owners and permissions and find nothing
// wrong on systems that keep access lists instead. The group of a file is trusted,
// since its owner has chosen it.
package access

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

var errWrite = errors.New("others may write to it; run chmod o-w on it")

// CheckWrite returns an error if the file or folder that info describes belongs
// to another user than root and that of this process, or if others may write to
// it.
func CheckWrite(info fs.FileInfo) error {
	return cmp.Or(checkOwner("it", info), CheckMode(info))
}

// CheckMode returns an error if others than its owner and its group may write to
// the file or folder that info describes.
func CheckMode(info fs.FileInfo) error {
	if info.Mode()&othersWrite != 0 {
		return errWrite
	}
	return nil
}

// CheckPath returns an error if somebody else may change the file or folder at
// path or put another one there. As with StrictModes of sshd_config(5), it and
// all folders above it have to belong to root or to the user of this process. A
// link is judged by its target, and by the folders that lead to it. Others may
// write neither to the file nor to its folder; a sticky folder such as /tmp lets
// them only add files. What can't be looked at is no error: it can't be opened
// either.
func CheckPath(path string) error { return check(path, othersWrite) }

// CheckSocket is CheckPath for a socket, to which anybody may have the right to
// connect. In a folder that belongs to root, the group counts as others.
func CheckSocket(path string) error { return check(path, othersWrite|groupWrite) }

// check checks all that path leads through. Those with the permissions writers
// may not write to its folder, if that isn't the user's own.
func check(path string, writers fs.FileMode) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	return walk(path, func(at string, info fs.FileInfo, left int) error {
		switch {
		case left == 0 && info.Mode().Type() == fs.ModeSocket:
			return checkOwner("it", info)
		case left == 0:
			return CheckWrite(info)
		case left == 1 && isOwn(info):
			return checkFolder(at, info, othersWrite)
		case left == 1:
			return checkFolder(at, info, writers)
		}
		return checkOwner("the folder "+at, info)
	})
}

func checkFolder(at string, info fs.FileInfo, writers fs.FileMode) error {
	if info.Mode()&writers != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("others may write to its folder; run chmod go-w on %s", at)
	}
	return checkOwner("its folder "+at, info)
}

// checkOwner returns an error if what info describes belongs to another user.
func checkOwner(what string, info fs.FileInfo) error {
	if uid, known := owner(info); known && uid != 0 && uid != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d, neither to root nor to the user of mtsd; run chown on it", what, uid)
	}
	return nil
}

// CheckLink returns an error if path is a link of somebody else, which could
// lead to any file.
func CheckLink(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return nil
	}
	return checkOwner("the link", info)
}

// CheckSecret returns an error if others, or the group, have any right to the
// file that info describes. The group may read a file of root: that is how a
// service gets a file that it can't change.
func CheckSecret(info fs.FileInfo) error {
	allowed := fs.FileMode(0)
	if uid, known := owner(info); known && uid == 0 {
		allowed = groupRead
	}
	if info.Mode()&notOwner&^allowed != 0 {
		return fmt.Errorf("mode %04o, want 0600", info.Mode().Perm())
	}
	return nil
}

const maxLinks = 40 // as Linux follows

// walk calls visit for each file and folder that the system passes on its way to
// path, which is absolute, with the number of elements that are left then. Links
// are followed. It ends at what can't be looked at.
func walk(path string, visit func(at string, info fs.FileInfo, left int) error) error {
	at, left := split(path)
	for links := 0; links <= maxLinks; {
		info, err := os.Lstat(at)
		if err != nil {
			return nil
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(at)
			if err != nil {
				return nil
			}
			links++
			root, names := split(target)
			if at = filepath.Dir(at); root != "" {
				at = root
			}
			left = append(names, left...)
			continue
		}
		if err := visit(at, info, len(left)); err != nil || len(left) == 0 {
			return err
		}
		at, left = filepath.Join(at, left[0]), left[1:]
	}
	return nil
}

// split returns the root that path begins at, "" if it is relative, and the names
// after it.
func split(path string) (root string, names []string) {
	rest := path[len(filepath.VolumeName(path)):]
	if filepath.IsAbs(path) {
		root = filepath.VolumeName(path) + string(filepath.Separator)
	}
	return root, strings.FieldsFunc(rest, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) })
}
