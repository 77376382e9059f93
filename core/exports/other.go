package exports

import (
	"context"
	"io/fs"
	"path"
)

// other is an export of an fs.FS that isn't a local directory.
type other struct {
	fsys fs.FS
	dots bool // serve names that begin with a dot
}

func (o other) open(name string) (fs.File, error) { return regular(o.fsys.Open(name)) }

func (o other) stat(name string) (fs.FileInfo, error) { return fs.Stat(o.fsys, name) }

func (o other) list(ctx context.Context, name string, most int) (*listing, error) {
	entries, err := fs.ReadDir(o.fsys, name)
	if err != nil {
		return nil, err
	}
	if most > 0 && len(entries) > most {
		return nil, errLarge
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return newListing(ctx, names, o.dots, func(entry string) (fs.FileInfo, error) {
		return fs.Stat(o.fsys, path.Join(name, entry))
	})
}

func (o other) close() error { return nil }

// regular returns f if it is a regular file. Otherwise it closes f.
func regular(f fs.File, err error) (fs.File, error) {
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
