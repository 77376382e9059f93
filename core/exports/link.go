package exports

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// errLink is returned by beneath for a name with a link in it.
var errLink = errors.New("a link is in the way")

// maxRaces is how often an operation is tried again after somebody renamed
// something in its way.
const maxRaces = 8

// maxLinks is how many links a name may lead through, as in Linux.
const maxLinks = 40

// follow runs op with name, or with what name leads to if there is a link in it:
// op returns errLink then, or errUnavailable if it can't tell and resolved is
// false. A link must not lead to a hidden name, because that would show what the
// configuration hides.
func follow[T any](r *root, dots bool, name string, op func(r *root, name string, resolved bool) (T, error)) (T, error) {
	v, err := op(r, name, false)
	for range maxRaces {
		if !errors.Is(err, errLink) && !errors.Is(err, errUnavailable) {
			return v, err
		}
		target, resolveErr := r.resolve(name)
		if resolveErr != nil {
			return v, resolveErr
		}
		if !dots && hidden(target) {
			return v, fs.ErrNotExist
		}
		v, err = op(r, target, true)
	}
	return v, fs.ErrNotExist
}

// resolve returns the name without links of what name leads to, a name of io/fs.
// A link that leads out of the root, or is absolute, is fs.ErrNotExist.
func (r *root) resolve(name string) (string, error) {
	done, links := "", 0
	for todo := name; todo != ""; {
		var first string
		first, todo, _ = strings.Cut(todo, "/")
		next := path.Join(done, first)
		switch {
		case first == ".." && done == "":
			return "", fs.ErrNotExist
		case first == "" || first == "." || first == "..":
			done = strings.TrimPrefix(next, ".")
			continue
		}
		info, err := r.Lstat(next)
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done = next
			continue
		}
		target, err := r.Readlink(next)
		if err != nil {
			return "", err
		}
		if links++; links > maxLinks || filepath.IsAbs(target) || os.IsPathSeparator(target[0]) {
			return "", fs.ErrNotExist
		}
		todo = filepath.ToSlash(target) + "/" + todo
	}
	return cmp.Or(done, "."), nil
}
