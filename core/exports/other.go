package exports

import "io/fs"

// other is an export of an fs.FS that isn't a local directory.
type other struct{ fsys fs.FS }

func (o other) open(name string) (fs.File, error) { return regular(o.fsys.Open(name)) }

func (o other) stat(name string) (fs.FileInfo, error) { return fs.Stat(o.fsys, name) }

func (o other) list(name string) ([]string, error) {
	entries, err := fs.ReadDir(o.fsys, name)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
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
