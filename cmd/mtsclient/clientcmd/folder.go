package clientcmd

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"

	"mts/core/atomicfile"
)

var (
	errExists = errors.New("is there already; --force overwrites it")
	errTwice  = errors.New("another file that was asked for has the same name")
	errLinked = errors.New("what has the name of a folder here isn't one")
)

// A folder is the output folder. Links that lead out of it aren't followed.
type folder struct {
	top   *os.Root
	force bool // overwrite
	disk  groupSync

	mu     sync.Mutex
	closed sync.Cond       // on mu; signals that a part was closed
	closes int             // number of parts that were closed
	open   int             // number of open parts
	dirs   map[string]*dir // open folders
	used   map[string]bool // folders in which files were saved
}

// A dir is a folder within the output folder. It is open while files in it are
// being saved.
type dir struct {
	root  *os.Root
	name  string // with slashes, "." for the top
	users int    // guarded by folder.mu
	// mu is held while names in it change. The kernel would let threads that do
	// that at once spin on all processors.
	mu sync.Mutex
}

// openFolder opens a folder. It makes the folder if there is none.
func openFolder(name string, force bool) (*folder, error) {
	if err := os.MkdirAll(name, 0o777); err != nil {
		return nil, err
	}
	top, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	d := &folder{top: top, force: force, dirs: make(map[string]*dir), used: make(map[string]bool)}
	d.closed.L = &d.mu
	return d, nil
}

// mkdir makes the folder name and its parents. It follows no links, not even those
// that stay within the output folder.
func (d *folder) mkdir(name string) error {
	for end := range len(name) + 1 {
		if end < len(name) && name[end] != '/' {
			continue
		}
		if err := d.top.Mkdir(name[:end], 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if fi, err := d.top.Lstat(name[:end]); err != nil || !fi.IsDir() {
			return errors.Join(errLinked, err)
		}
	}
	return nil
}

// retryOpen calls open. If that fails because too many files are open, it waits
// until a part is closed and calls open again. The caller must have no open part.
func (d *folder) retryOpen(open func() error) error {
	for {
		d.mu.Lock()
		before := d.closes
		d.mu.Unlock()
		err := open()
		if !tooMany(err) {
			return err
		}
		d.mu.Lock()
		for d.closes == before && d.open > 0 {
			d.closed.Wait()
		}
		stuck := d.closes == before
		d.mu.Unlock()
		if stuck {
			return err
		}
	}
}

// count counts a part that was opened (1) or closed (-1).
func (d *folder) count(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open += n; n < 0 {
		d.closes++
		d.closed.Broadcast()
	}
}

func tooMany(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// hash returns the SHA-256 of a file, in hexadecimal.
func (d *folder) hash(name string) (string, error) {
	var f *os.File
	err := d.retryOpen(func() (err error) {
		f, err = d.top.Open(name)
		return err
	})
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// acquire opens the folder that contains the file name. release gives it back.
func (d *folder) acquire(name string) (*dir, error) {
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

// release closes a folder if nobody else uses it.
func (d *folder) release(in *dir) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if in.users--; in.users == 0 {
		delete(d.dirs, in.name)
		in.root.Close()
	}
}

// checkFree returns errExists if name exists, even as a link that leads nowhere.
func (d *folder) checkFree(root *os.Root, name string) error {
	if d.force {
		return nil
	}
	if _, err := root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return errExists
	}
	return nil
}

// markUsed remembers that a file was saved in the folder.
func (d *folder) markUsed(in *dir) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used[in.name] = true
}

// close syncs the folders with new files, so that their names survive a crash.
func (d *folder) close() {
	for name := range d.used {
		atomicfile.SyncDir(filepath.Join(d.top.Name(), filepath.FromSlash(name)))
	}
	d.top.Close()
}
