package exports

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// staleAfter is how long it may take until a new directory at the path of an
// export is noticed while the old one can still be used.
const staleAfter = time.Second

// errUnavailable is returned by beneath for a file that os.Root has to open.
var errUnavailable = errors.New("openat2 is not available")

// A dir is an export of a local directory, which it keeps open. While it is
// used, it checks the path once a second, and whenever a file is missing. If
// another directory is there, it switches to that one. If there is none, it
// keeps the old one. If it can't be opened, the dir keeps the old one too, and is
// stale until it can.
type dir struct {
	path    string
	dots    bool // serve names that begin with a dot
	now     func() time.Time
	start   time.Time
	checked atomic.Int64 // when path was checked, as a time.Duration since start
	held    atomic.Pointer[root]
	stale   atomic.Bool
	onStale atomic.Pointer[func(path string, err error)]

	mu     sync.Mutex // serializes changes of held
	closed bool
}

// A root is an open directory.
type root struct {
	*os.Root
	info fs.FileInfo
	beneath
}

func openDir(path string, dots bool) (*dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	r, err := openRoot(path)
	if err != nil {
		return nil, err
	}
	d := &dir{path: path, dots: dots, now: time.Now, start: time.Now()}
	d.held.Store(r)
	return d, nil
}

func openRoot(path string) (*root, error) {
	r, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	info, err := r.Stat(".")
	if err != nil {
		r.Close()
		return nil, err
	}
	return &root{r, info, newBeneath(r)}, nil
}

func (r *root) close() error {
	r.beneath.close()
	return r.Root.Close()
}

// The operations for follow.

func (r *root) openFile(name string, resolved bool) (fs.File, error) {
	f, err := r.beneath.open(name)
	if resolved && errors.Is(err, errUnavailable) {
		return regular(r.OpenFile(name, os.O_RDONLY|noWait, 0))
	}
	return f, err
}

func (r *root) statFile(name string, resolved bool) (fs.FileInfo, error) {
	info, err := r.beneath.stat(name)
	if resolved && errors.Is(err, errUnavailable) {
		return r.Lstat(name)
	}
	return info, err
}

func (r *root) openFolder(name string, resolved bool) (*os.File, error) {
	f, err := r.beneath.openDir(name)
	if resolved && errors.Is(err, errUnavailable) {
		return r.OpenFile(name, os.O_RDONLY|noWait, 0)
	}
	return f, err
}

func (d *dir) open(name string) (fs.File, error) {
	return try(d, func(r *root) (fs.File, error) { return follow(r, d.dots, name, (*root).openFile) })
}

func (d *dir) stat(name string) (fs.FileInfo, error) {
	return try(d, func(r *root) (fs.FileInfo, error) { return follow(r, d.dots, name, (*root).statFile) })
}

func (d *dir) list(ctx context.Context, name string, most int) (*listing, error) {
	return try(d, func(r *root) (*listing, error) {
		f, err := follow(r, d.dots, name, (*root).openFolder)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		names, err := readNames(f, most)
		if err != nil {
			return nil, err
		}
		return newListing(ctx, names, d.dots, func(entry string) (fs.FileInfo, error) {
			info, err := lstat(f, r.Root, name, entry)
			if err == nil && info.Mode()&fs.ModeSymlink != 0 {
				return follow(r, d.dots, path.Join(name, entry), (*root).statFile)
			}
			return info, err
		})
	})
}

// readNames returns the names in a folder. If there are more than most, and most
// isn't 0, the error is errLarge.
func readNames(f *os.File, most int) ([]string, error) {
	if most == 0 {
		return f.Readdirnames(-1)
	}
	names, err := f.Readdirnames(most + 1)
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err == nil && len(names) > most:
		return nil, errLarge
	}
	return names, err
}

func (d *dir) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return d.held.Load().close()
}

// try runs op on the directory. If op finds nothing and the directory has been
// replaced, it runs op again.
func try[T any](d *dir, op func(*root) (T, error)) (T, error) {
	r := d.current()
	for {
		v, err := op(r)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrClosed) {
			if again := d.renew(r); again != r {
				r = again
				continue
			}
		}
		_, ofPath := errors.AsType[*fs.PathError](err)
		if _, isErrno := errors.AsType[syscall.Errno](err); ofPath && !isErrno && !errors.Is(err, fs.ErrClosed) {
			err = fs.ErrNotExist // os.Root has no error of its own for a path that escapes
		}
		return v, err
	}
}

func (d *dir) current() *root {
	r := d.held.Load()
	now, last := d.now().Sub(d.start), d.checked.Load()
	if now-time.Duration(last) >= staleAfter && d.checked.CompareAndSwap(last, int64(now)) {
		return d.renew(r)
	}
	return r
}

// renew returns the root to use from now on: r, unless another one is held or
// another directory is at the path.
func (d *dir) renew(r *root) *root {
	if held := d.held.Load(); held != r {
		return held
	}
	info, err := os.Stat(d.path)
	if err != nil || os.SameFile(info, r.info) {
		d.setStale(err)
		return r
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if held := d.held.Load(); held != r || d.closed {
		return held
	}
	next, err := openRoot(d.path)
	d.setStale(err)
	if err != nil {
		return r
	}
	d.held.Store(next)
	r.close() // os.Root waits for the calls that still use it
	return next
}

// setStale notes whether the directory at the path can't be opened. A missing one
// may be on its way.
func (d *dir) setStale(err error) {
	stale := err != nil && !errors.Is(err, fs.ErrNotExist)
	if d.stale.Swap(stale) == stale || !stale {
		return
	}
	if report := d.onStale.Load(); report != nil {
		(*report)(d.path, err)
	}
}
