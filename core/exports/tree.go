package exports

import (
	"cmp"
	"errors"
	"io/fs"
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
		info.Dir, info.Modified, info.Unique = true, fi.ModTime(), digits(cmp.Or(folderID(fi), pathID(name)))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return core.Info{}, err
	case name == "/" || len(t.mounts(name)) > 0:
		info.Dir, info.Unique = true, digits(pathID(name)) // it exists only in this tree
	case err == nil && fi.Mode().IsRegular():
		info.Size, info.Modified, info.ETag = fi.Size(), fi.ModTime(), ETag(fi)
	default:
		return core.Info{}, fs.ErrNotExist
	}
	return info, nil
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
	slices.Sort(names)
	return slices.Compact(names)
}
