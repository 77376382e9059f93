package clientcmd

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"mts/core/atomicfile"
)

var errExists = errors.New("is there already; --force overwrites it")

// A folder is where files are saved. No link leads out of it.
type folder struct {
	root  *os.Root
	force bool // overwrite

	mu   sync.Mutex
	used map[string]bool // the folders in which files were saved
}

// openFolder opens a folder, and makes it if it isn't there.
func openFolder(path string, force bool) (*folder, error) {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &folder{root: root, force: force, used: make(map[string]bool)}, nil
}

// free returns errExists if name is taken, be it by a link to nowhere.
func (d *folder) free(name string) error {
	if d.force {
		return nil
	}
	if _, err := d.root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return errExists
	}
	return nil
}

// saved remembers where a file was saved.
func (d *folder) saved(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used[path.Dir(name)] = true
}

// close makes the new names last through a crash.
func (d *folder) close() {
	for dir := range d.used {
		atomicfile.SyncDir(filepath.Join(d.root.Name(), filepath.FromSlash(dir)))
	}
	d.root.Close()
}
