package exports

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A file is a regular file that is open for reading. An os.File would cost two
// more system calls and a finalizer, for features that regular files don't use.
// Several goroutines may use it at once. It is a syscall.Conn, so that sendfile
// can send it.
type file struct {
	name   string
	mu     sync.RWMutex             // held for reading while fd is in use
	fd     int                      // -1 when closed
	opened atomic.Pointer[fileInfo] // its description when it was opened; nil after the first read
}

// Stat describes the file. Until the first read, it returns the description from
// when the file was opened; later it asks the system.
func (f *file) Stat() (fs.FileInfo, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if opened := f.opened.Load(); opened != nil && f.fd >= 0 {
		return opened, nil
	}
	return f.stat()
}

func (f *file) stat() (*fileInfo, error) {
	i := &fileInfo{name: path.Base(f.name)}
	for {
		if err := unix.Fstat(f.fd, &i.st); err == nil {
			return i, nil
		} else if err != unix.EINTR {
			return nil, f.fail("stat", err)
		}
	}
}

func (f *file) Read(p []byte) (int, error) {
	return f.read("read", p, func() (int, error) { return unix.Read(f.fd, p) })
}

func (f *file) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = f.read("pread", p[n:], func() (int, error) { return unix.Pread(f.fd, p[n:], off+int64(n)) })
		n += m
	}
	return n, err
}

// read calls op, which reads into p, and repeats it if a signal interrupts it.
func (f *file) read(name string, p []byte, op func() (int, error)) (int, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if len(p) == 0 {
		return 0, nil
	}
	f.opened.Store(nil)
	for {
		n, err := op()
		switch {
		case n > 0:
			return n, nil
		case err == nil:
			return 0, io.EOF
		case !errors.Is(err, unix.EINTR):
			return 0, f.fail(name, err)
		}
	}
}

// Seek may be used only while no other goroutine uses the file.
func (f *file) Seek(offset int64, whence int) (int64, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	n, err := unix.Seek(f.fd, offset, whence)
	if err != nil {
		return 0, f.fail("seek", err)
	}
	return n, nil
}

// SyscallConn returns the file itself.
func (f *file) SyscallConn() (syscall.RawConn, error) { return rawFile{f}, nil }

// A rawFile is a file as a syscall.RawConn.
type rawFile struct{ *file }

func (r rawFile) Control(use func(fd uintptr)) error {
	return r.Read(func(fd uintptr) bool { use(fd); return true })
}

// Read calls use once: a regular file is always ready.
func (r rawFile) Read(use func(fd uintptr) bool) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.fd < 0 {
		return r.fail("read", unix.EBADF)
	}
	r.opened.Store(nil)
	use(uintptr(r.fd))
	return nil
}

func (r rawFile) Write(func(fd uintptr) bool) error { return r.fail("write", unix.EBADF) }

func (f *file) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	fd := f.fd
	f.fd = -1
	if fd < 0 {
		return f.fail("close", unix.EBADF)
	}
	return unix.Close(fd)
}

func (f *file) fail(op string, err error) error {
	if f.fd < 0 {
		err = fs.ErrClosed
	}
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

// A fileInfo is the fs.FileInfo of a local file of any kind.
type fileInfo struct {
	name string
	st   unix.Stat_t
}

func (i *fileInfo) Name() string       { return i.name }
func (i *fileInfo) Size() int64        { return i.st.Size }
func (i *fileInfo) ModTime() time.Time { return time.Unix(i.st.Mtim.Unix()) }
func (i *fileInfo) IsDir() bool        { return i.Mode().IsDir() }
func (i *fileInfo) Sys() any           { return &i.st }

// Mode returns the permissions and the kind: a regular file, a folder, a link,
// or fs.ModeIrregular for all others.
func (i *fileInfo) Mode() fs.FileMode {
	mode := fs.FileMode(i.st.Mode & 0o777)
	switch i.st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return mode
	case unix.S_IFDIR:
		return mode | fs.ModeDir
	case unix.S_IFLNK:
		return mode | fs.ModeSymlink
	}
	return mode | fs.ModeIrregular
}

func (i *fileInfo) identity() Version {
	return Version{Device: uint64(i.st.Dev), Inode: i.st.Ino, Changed: i.st.Ctim.Nano()}
}
