// Package exports is the tree of files that a server shows: named roots, each
// a local directory or any [fs.FS], under one virtual directory "/". It only
// reads.
//
// A name that isn't served is refused with [fs.ErrNotExist], whatever the
// reason: missing, forbidden, not a regular file, out of bounds. Other errors
// (descriptors exhausted, a failing disk) come back as themselves; they are for
// the log and may hold local names.
//
// Local directories are opened through [os.Root], on Linux also by openat2(2)
// with RESOLVE_BENEATH: links that stay inside are followed, absolute links and
// those that lead out are refused, also when they are swapped meanwhile.
package exports

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// An Export puts a directory into the tree.
type Export struct {
	Path   string // where clients see it: "/", "/pub", "c:"; the case of "c:" doesn't matter
	Dir    string // the local directory; or
	FS     fs.FS  // any other file system; no link out, no FIFO, is its own concern
	Hidden bool   // serve files and folders whose name begins with a dot
}

// An Error is an Export that New refused.
type Error struct {
	Index int    // which of New's arguments
	Path  string // as it was given
	Err   error
}

func (e *Error) Error() string { return fmt.Sprintf("export %q: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A Tree is a set of exports, or, made by Only, a part of one. It doesn't
// change and may be used by several goroutines at once.
type Tree struct {
	exports []export // the longest path first
	scopes  []string // canonical paths; what is below them can be seen
	owner   bool
}

type export struct {
	path   string // canonical
	hidden bool
	source
}

// A source is the file system of an export. Its names are those of io/fs.
type source interface {
	open(name string) (fs.File, error) // a regular file only
	stat(name string) (fs.FileInfo, error)
	list(name string) ([]string, error)
	close() error
}

// New opens the exports. The caller closes the tree. The error is an *Error.
func New(exports ...Export) (*Tree, error) {
	t := &Tree{owner: true}
	for i, e := range exports {
		if err := t.add(e); err != nil {
			t.Close()
			return nil, &Error{Index: i, Path: e.Path, Err: err}
		}
	}
	slices.SortFunc(t.exports, func(a, b export) int { return cmp.Compare(len(b.path), len(a.path)) })
	return t, nil
}

func (t *Tree) add(e Export) error {
	path, err := Clean(e.Path)
	switch {
	case e.Path == "" || err != nil:
		return errors.New("the path can't be served")
	case slices.Contains(t.scopes, path):
		return errors.New("the path is exported twice")
	case (e.Dir == "") == (e.FS == nil):
		return errors.New("either a directory or a file system is needed")
	}
	var src source = other{e.FS}
	if e.FS == nil {
		if src, err = openDir(e.Dir); err != nil {
			return err
		}
	}
	t.exports = append(t.exports, export{path, e.Hidden, src})
	t.scopes = append(t.scopes, path)
	return nil
}

// Close closes the local directories. Files that are open stay so. A tree made
// by Only has nothing to close.
func (t *Tree) Close() error {
	if !t.owner {
		return nil
	}
	var errs []error
	for _, e := range t.exports {
		errs = append(errs, e.close())
	}
	return errors.Join(errs...)
}

// Only returns the part of t at and below paths, which may name exports or
// folders in them. The rest is as if it weren't there, but for the folders that
// lead to the part. Of "/" the other roots ("c:") aren't a part. Without paths
// nothing is left; a path that Clean refuses adds nothing. The tree returned
// works until t is closed.
func (t *Tree) Only(paths []string) *Tree {
	var scopes []string
	for _, path := range paths {
		path, err := Clean(path)
		if err != nil {
			continue
		}
		for _, s := range t.scopes {
			if Within(s, path) {
				scopes = append(scopes, s)
			} else if Within(path, s) {
				scopes = append(scopes, path)
			}
		}
	}
	slices.Sort(scopes)
	return &Tree{exports: t.exports, scopes: slices.Compact(scopes)}
}

// Within reports whether path is root or below it. Both are paths as Clean
// returns them.
func Within(path, root string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(root, "/"))
	return ok && (rest == "" || rest[0] == '/')
}
