package clientcmd

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"

	"mts/core/atomicfile"
)

var (
	errExists  = errors.New("exists already; --force overwrites it, -u updates it")
	errTwice   = errors.New("another file that was asked for has the same name")
	errLinked  = errors.New("a file here has the name of the folder")
	errIsDir   = errors.New("a folder has its name here; remove that, or choose another --output")
	errSpecial = errors.New("what has its name here isn't a file; --output-file - writes to it as standard output")
)

// A folder is the output folder. Links that lead out of it aren't followed.
type folder struct {
	top     *os.Root // nil: there is none, and nothing is to be made
	replace bool     // existing files
	lacks   atomicfile.Lacks
	disk    groupSync

	mu      sync.Mutex
	closed  sync.Cond           // on mu; signals that a part was closed
	closes  int                 // number of parts that were closed
	open    int                 // number of open parts
	dirs    map[string]*dir     // open folders
	used    map[string]bool     // folders in which files were saved
	claimed map[fileID]struct{} // files of this run: parts, and what was saved
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

// openFolder opens a folder. It makes the folder if there is none, or leaves it
// away if nothing is to be saved.
func openFolder(name string, dry bool) (*folder, error) {
	if !dry {
		if err := os.MkdirAll(name, 0o777); err != nil {
			return nil, err
		}
	}
	top, err := os.OpenRoot(name)
	if err != nil && !(dry && errors.Is(err, fs.ErrNotExist)) {
		return nil, err
	}
	d := &folder{
		top: top, dirs: make(map[string]*dir), used: make(map[string]bool),
		claimed: make(map[fileID]struct{}),
	}
	d.closed.L = &d.mu
	return d, nil
}

// mkdir makes a folder in a folder that is there. It follows no link, not even one
// that stays within the output folder.
func (d *folder) mkdir(name string) error {
	in, err := d.acquire(name)
	if err != nil {
		return err
	}
	defer d.release(in)
	base := path.Base(name)
	if err := in.root.Mkdir(base, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if fi, err := in.root.Lstat(base); err != nil || !fi.IsDir() {
		return errors.Join(errLinked, err)
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

// openDir opens a folder in the output folder.
func (d *folder) openDir(name string) (*os.Root, error) {
	if d.top == nil {
		return nil, fs.ErrNotExist
	}
	return d.top.OpenRoot(filepath.FromSlash(name))
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
	root, err := d.openDir(in)
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

// checkFree returns what has a name, even if that is a link that leads nowhere, or
// nil. The error says that it is nothing that can be replaced.
func (d *folder) checkFree(root *os.Root, name string) (fs.FileInfo, error) {
	fi, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case fi.IsDir():
		return nil, errIsDir
	case !fi.Mode().IsRegular() && fi.Mode()&fs.ModeSymlink == 0:
		return nil, errSpecial
	}
	return fi, nil
}

// claim marks a file as one of this run. It returns false if it is marked already:
// the file system takes two names for one.
func (d *folder) claim(fi fs.FileInfo) bool {
	id, ok := idOf(fi)
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, taken := d.claimed[id]; taken && ok {
		return false
	}
	d.claimed[id] = struct{}{}
	return true
}

// unclaim undoes claim, for a file that was removed.
func (d *folder) unclaim(fi fs.FileInfo) {
	id, _ := idOf(fi)
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.claimed, id)
}

// isClaimed reports whether a file is one of this run.
func (d *folder) isClaimed(fi fs.FileInfo) bool {
	id, ok := idOf(fi)
	d.mu.Lock()
	defer d.mu.Unlock()
	_, taken := d.claimed[id]
	return ok && taken
}

// without returns nil for an error that says that the file system can't do
// something that can be gone without. It says so once.
func (d *folder) without(what string, err error) error {
	return d.lacks.Without(d.top.Name(), what, err)
}

// markUsed remembers that a file was saved in the folder.
func (d *folder) markUsed(in *dir) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used[in.name] = true
}

// close syncs the folders with new files, so that their names survive a crash.
func (d *folder) close() {
	if d.top == nil {
		return
	}
	for name := range d.used {
		atomicfile.SyncDir(filepath.Join(d.top.Name(), filepath.FromSlash(name)))
	}
	d.top.Close()
}
