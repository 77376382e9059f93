package exports

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A beneath opens files beneath a directory with openat2(2), in names without
// links. Its zero value returns errUnavailable for all of them.
type beneath struct {
	dir  *os.File
	conn syscall.RawConn
}

// newBeneath returns the zero value if the kernel has no openat2, or if a
// sandbox forbids it.
func newBeneath(r *os.Root) beneath {
	dir, err := r.Open(".")
	if err != nil {
		return beneath{}
	}
	conn, err := dir.SyscallConn()
	if err == nil {
		b := beneath{dir, conn}
		if fd, err := b.openat2(".", unix.O_PATH); err == nil {
			unix.Close(fd)
			return b
		}
	}
	dir.Close()
	return beneath{}
}

func (b beneath) close() {
	if b.dir != nil {
		b.dir.Close()
	}
}

// open opens a regular file.
func (b beneath) open(name string) (fs.File, error) {
	fd, err := b.openat2(name, unix.O_RDONLY|noWait)
	if err != nil {
		return nil, err
	}
	f := &file{fd: fd, name: name}
	opened, err := f.stat()
	if err == nil && !opened.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	f.opened.Store(opened)
	return f, nil
}

// stat describes what has the name.
func (b beneath) stat(name string) (fs.FileInfo, error) {
	fd, err := b.openat2(name, unix.O_PATH)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	return (&file{fd: fd, name: name}).stat()
}

// openDir opens a folder.
func (b beneath) openDir(name string) (*os.File, error) {
	fd, err := b.openat2(name, unix.O_RDONLY|unix.O_DIRECTORY) // a FIFO is refused at once
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// openat2 returns errUnavailable, errLink or an error of the system.
func (b beneath) openat2(name string, flags uint64) (int, error) {
	if b.dir == nil {
		return -1, errUnavailable
	}
	how := unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS}
	var fd int
	err := errUnavailable
	closed := b.conn.Control(func(dir uintptr) {
		for range maxRaces {
			if fd, err = unix.Openat2(int(dir), name, &how); err != unix.EAGAIN && err != unix.EINTR {
				return
			}
		}
		err = errUnavailable
	})
	switch {
	case closed != nil:
		return -1, errUnavailable
	case errors.Is(err, unix.ELOOP):
		return -1, errLink
	case err != nil && !errors.Is(err, errUnavailable):
		return -1, &fs.PathError{Op: "openat2", Path: name, Err: err}
	}
	return fd, err
}

// lstat describes an entry of an open folder. It doesn't follow a link.
func lstat(folder *os.File, _ *os.Root, _, entry string) (fs.FileInfo, error) {
	i := &fileInfo{name: entry}
	for {
		err := unix.Fstatat(int(folder.Fd()), entry, &i.st, unix.AT_SYMLINK_NOFOLLOW)
		if err == nil {
			return i, nil
		}
		if err != unix.EINTR {
			return nil, err
		}
	}
}
