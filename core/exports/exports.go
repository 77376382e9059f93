// Package exports is the tree of files that a server shows: named roots, each
// a local directory or any [fs.FS], under one virtual directory "/". It only
// reads.
//
// A name that isn't served is refused with [fs.ErrNotExist] whatever the reason:
// it is missing, forbidden, not a regular file, or outside the tree. Other
// errors, such as those of a failing disk, are returned unchanged. They are for
// the log, because they may contain local names.
//
// Local directories are opened with [os.Root], and on Linux with openat2(2) and
// RESOLVE_BENEATH. Links within a directory are followed. Absolute links and
// links that lead out are refused, even if they change at that moment.
package exports

import (
	"cmp"
	"context"
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
	FS     fs.FS  // any other file system, which itself refuses links that lead out
	Hidden bool   // serve files and folders whose name begins with a dot
}

// An Error says which Export was refused by New.
type Error struct {
	Index int    // of New's argument, from 0
	Path  string // as in the argument
	Err   error
}

func (e *Error) Error() string { return fmt.Sprintf("export %q: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A Tree is a set of exports, or the part of one that Only returns. It doesn't
// change and may be used by several goroutines at once.
type Tree struct {
	exports []export // the longest path first
	scopes  []string // canonical paths of what can be seen, with all that is below
	shelf   *shelf
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
	// list describes a folder. If it has more than most entries, and most isn't
	// 0, the error is errLarge.
	list(ctx context.Context, name string, most int) (*listing, error)
	close() error
}

// New opens the exports. The caller closes the tree. The error is an *Error.
func New(exports ...Export) (*Tree, error) {
	t := &Tree{shelf: newShelf(), owner: true}
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
	var src source = other{e.FS, e.Hidden}
	if e.FS == nil {
		if src, err = openDir(e.Dir, e.Hidden); err != nil {
			return err
		}
	}
	t.exports = append(t.exports, export{path, e.Hidden, src})
	t.scopes = append(t.scopes, path)
	return nil
}

// Close closes the local directories. Open files stay open. For a tree of Only
// it does nothing.
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

// OnStale sets what is called when another directory is at the path of an export
// but can't be opened, so that the old one is still served: once, until it can be
// opened or is gone.
func (t *Tree) OnStale(report func(dir string, err error)) {
	for _, e := range t.exports {
		if d, ok := e.source.(*dir); ok {
			d.onStale.Store(&report)
		}
	}
}

// Stale returns how many exports serve an old directory, as OnStale tells.
func (t *Tree) Stale() (n int) {
	for _, e := range t.exports {
		if d, ok := e.source.(*dir); ok && d.stale.Load() {
			n++
		}
	}
	return n
}

// Only returns the part of t at and below paths, which are exports or folders in
// them. The rest is invisible, except for the folders that lead to the part. Other
// roots ("c:") aren't a part of "/". Without paths, and for a path that Clean
// refuses, there is nothing to see. The new tree works until t is closed.
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
	return &Tree{exports: t.exports, shelf: t.shelf, scopes: slices.Compact(scopes)}
}

// Within reports whether path is root or below it. Both are paths as Clean
// returns them.
func Within(path, root string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(root, "/"))
	return ok && (rest == "" || rest[0] == '/')
}
