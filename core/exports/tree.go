package exports

import (
	"cmp"
	"errors"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"

	"mts/core"
)

// Open opens a regular file for reading. The caller closes it. Open doesn't wait
// for a FIFO or a device. A local file is also an io.ReaderAt, an io.Seeker, and a
// syscall.Conn, which allows sending it without a copy.
func (t *Tree) Open(name string) (fs.File, error) {
	name, err := Clean(name)
	if err != nil {
		return nil, fs.ErrNotExist
	}
	e, rel, err := t.find(name)
	if err != nil {
		return nil, err
	}
	f, err := e.open(rel)
	if err != nil {
		return nil, refusal(err)
	}
	return f, nil
}

// Stat describes a regular file or a folder. A folder has no size and no ETag.
func (t *Tree) Stat(name string) (core.Info, error) {
	name, err := Clean(name)
	if err != nil {
		return core.Info{}, fs.ErrNotExist
	}
	info := core.Info{Name: path.Base(name)}
	fi, err := t.stat(name)
	switch {
	case err == nil && fi.IsDir():
		info.Dir, info.Modified = true, fi.ModTime()
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return core.Info{}, err
	case name == "/" || len(t.mounts(name)) > 0:
		info.Dir = true // it exists only in this tree
	case err == nil && fi.Mode().IsRegular():
		info.Size, info.Modified, info.ETag = fi.Size(), fi.ModTime(), ETag(fi)
	default:
		return core.Info{}, fs.ErrNotExist
	}
	return info, nil
}

// List describes the entries of a folder, sorted by name: the files and folders
// that can be served, and in "/" the other roots. Only the names are kept in
// memory. Each entry is looked up when it is reached, and left out if it is
// gone. The error of an entry doesn't end the sequence.
func (t *Tree) List(name string) (iter.Seq2[core.Info, error], error) {
	info, err := t.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Dir {
		return nil, fs.ErrNotExist
	}
	name, _ = Clean(name) // no error: Stat accepted it
	names, err := t.names(name)
	if err != nil {
		return nil, err
	}
	return func(yield func(core.Info, error) bool) {
		for _, n := range names {
			info, err := t.Stat(strings.TrimSuffix(name, "/") + "/" + n)
			// The file `b\c` is not the file c of the folder b.
			if errors.Is(err, fs.ErrNotExist) || err == nil && info.Name != n {
				continue
			}
			if !yield(info, err) {
				return
			}
		}
	}, nil
}

// names returns the sorted names of the folder's entries and of the exports that
// are mounted in it.
func (t *Tree) names(folder string) ([]string, error) {
	names := t.mounts(folder)
	e, rel, err := t.find(folder)
	if err == nil {
		var held []string
		held, err = e.list(rel)
		names = append(names, held...)
	}
	if err = refusal(err); err != nil && (!errors.Is(err, fs.ErrNotExist) || folder != "/" && len(names) == 0) {
		return nil, err
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (t *Tree) stat(name string) (fs.FileInfo, error) {
	e, rel, err := t.find(name)
	if err != nil {
		return nil, err
	}
	fi, err := e.stat(rel)
	return fi, refusal(err)
}

// find returns the export that serves the canonical name, and the path in it.
func (t *Tree) find(name string) (e export, rel string, err error) {
	if !slices.ContainsFunc(t.scopes, func(s string) bool { return Within(name, s) }) {
		return export{}, "", fs.ErrNotExist
	}
	i := slices.IndexFunc(t.exports, func(e export) bool { return Within(name, e.path) })
	e = t.exports[i] // there is one: every scope is within an export
	rel = strings.TrimPrefix(name[len(strings.TrimSuffix(e.path, "/")):], "/")
	if !e.hidden && hidden(rel) {
		return export{}, "", fs.ErrNotExist
	}
	return e, cmp.Or(rel, "."), nil
}

// mounts returns the names in folder that lead to a scope.
func (t *Tree) mounts(folder string) []string {
	var names []string
	for _, s := range t.scopes {
		rest, ok := strings.TrimPrefix(s, "/"), folder == "/"
		if !ok {
			rest, ok = strings.CutPrefix(s, folder+"/")
		}
		if name, _, _ := strings.Cut(rest, "/"); ok && name != "" {
			names = append(names, name)
		}
	}
	return names
}
