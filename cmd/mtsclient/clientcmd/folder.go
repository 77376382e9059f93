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

var (
	errExists = errors.New("is there already; --force overwrites it")
	errTwice  = errors.New("another file that was asked for has the same name")
)

// A folder is where files are saved, and folders in it. No link leads out.
type folder struct {
	top   *os.Root
	force bool // overwrite
	disk  groupSync

	mu   sync.Mutex
	dirs map[string]*dir // those that are open
	used map[string]bool // those in which files were saved
}

// A dir is one folder of a folder, kept open while files in it are under way.
type dir struct {
	root  *os.Root
	name  string // with slashes, "." for the top
	users int    // guarded by folder.mu
	// mu is held while names in it change. Left to the kernel, threads that
	// want to do that at once keep all processors busy with waiting.
	mu sync.Mutex
}

// openFolder opens a folder, and makes it if it isn't there.
func openFolder(name string, force bool) (*folder, error) {
	if err := os.MkdirAll(name, 0o777); err != nil {
		return nil, err
	}
	top, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &folder{top: top, force: force, dirs: make(map[string]*dir), used: make(map[string]bool)}, nil
}

// enter opens the folder that the file name is in.
func (d *folder) enter(name string) (*dir, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	in := path.Dir(name)
	if open, ok := d.dirs[in]; ok {
		open.users++
		return open, nil
	}
	root, err := d.top.OpenRoot(in)
	if err != nil {
		return nil, err
	}
	d.dirs[in] = &dir{root: root, name: in, users: 1}
	return d.dirs[in], nil
}

// leave undoes enter.
func (d *folder) leave(in *dir) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if in.users--; in.users == 0 {
		delete(d.dirs, in.name)
		in.root.Close()
	}
}

// free returns errExists if name is taken, be it by a link to nowhere.
func (d *folder) free(root *os.Root, name string) error {
	if d.force {
		return nil
	}
	if _, err := root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return errExists
	}
	return nil
}

// saved remembers where a file was saved.
func (d *folder) saved(in *dir) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used[in.name] = true
}

// close makes the new names last through a crash.
func (d *folder) close() {
	for name := range d.used {
		atomicfile.SyncDir(filepath.Join(d.top.Name(), filepath.FromSlash(name)))
	}
	d.top.Close()
}
