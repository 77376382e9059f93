package exports

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"strings"

	"mts/core"
)

// ErrWithheld is the error of an entry whose name no command can address: it has
// a control character or a backslash, or it would be taken for a root.
var ErrWithheld = errors.New("the name can't be addressed")

// List describes the entries of a folder, sorted by name: the files and folders
// that can be served, and in "/" the other roots. Hidden ones are left out.
//
// An error that comes with a name is of that entry alone, such as ErrWithheld.
// One without a name ends the sequence.
//
// The listing of a large folder is shared, and few of them are held at one time:
// the sequence may have to wait for others, until ctx ends. While its user is
// slow, what follows may be looked at anew.
func (t *Tree) List(ctx context.Context, name string) (iter.Seq2[core.Info, error], error) {
	info, err := t.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Dir {
		return nil, fs.ErrNotExist
	}
	name, _ = Clean(name) // no error: Stat accepted it
	pages, err := t.pages(ctx, name)
	if err != nil {
		return nil, err
	}
	return func(yield func(core.Info, error) bool) {
		v := view{tree: t, prefix: strings.TrimSuffix(name, "/") + "/", mounts: t.mounts(name), yield: yield}
		v.show(pages)
	}, nil
}

// A pager has the entries of a folder, by pages.
type pager interface {
	// next returns the entries after the one called last: pageSize, or fewer
	// at the end.
	next(last string) ([]item, error)
	close()
}

func (l *listing) next(last string) ([]item, error) { return l.page(l.after(last)), nil }

func (l *listing) close() {}

// pages returns what the export holds in a folder: nothing, if the folder exists
// only in the tree.
func (t *Tree) pages(ctx context.Context, folder string) (pager, error) {
	e, rel, err := t.find(folder)
	if err != nil {
		return &listing{}, nil
	}
	l, err := e.list(ctx, rel, largeFolder)
	if errors.Is(err, errLarge) {
		return &loan{ctx: ctx, shelf: t.shelf, export: e, folder: rel}, nil
	}
	err = refusal(err)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, fs.ErrNotExist) && (folder == "/" || len(t.mounts(folder)) > 0):
		return &listing{}, nil
	}
	return nil, err
}

// A view is what a client sees of a folder: the entries of its export, and the
// exports that are mounted in it.
type view struct {
	tree   *Tree
	prefix string   // of the paths of the entries
	mounts []string // that haven't been shown, sorted
	yield  func(core.Info, error) bool
}

func (v *view) show(pages pager) {
	defer pages.close()
	for last, more := "", true; more; {
		page, err := pages.next(last)
		if err != nil {
			v.yield(core.Info{}, refusal(err))
			return
		}
		for _, it := range page {
			if !v.showEntry(it) {
				return
			}
			last = it.Name
		}
		more = len(page) == pageSize
	}
	for len(v.mounts) > 0 && v.showMount() {
	}
}

// showEntry shows an entry, and before it the mounts that come first. A mount
// hides an entry of its name.
func (v *view) showEntry(it item) bool {
	name := it.Name
	for len(v.mounts) > 0 && v.mounts[0] <= name {
		same := v.mounts[0] == name
		if !v.showMount() {
			return false
		}
		if same {
			return true
		}
	}
	path := v.prefix + name
	clean, err := Clean(path)
	switch {
	case err != nil || clean != path: // the file `b\c` is not the file c of the folder b
		return v.yield(core.Info{Name: name}, ErrWithheld)
	case it.Dir && it.Unique == "":
		it.Unique = digits(pathID(path))
	}
	return v.yield(it.Info, it.err)
}

// showMount shows the first mount.
func (v *view) showMount() bool {
	name := v.mounts[0]
	v.mounts = v.mounts[1:]
	info, err := v.tree.Stat(v.prefix + name)
	info.Name = name
	return errors.Is(err, fs.ErrNotExist) || v.yield(info, err)
}
