package exports

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxRaces is how often openat2 is tried again after a rename interfered.
const maxRaces = 8

// A beneath opens files beneath a directory with openat2(2). Its zero value
// returns errUnavailable for all of them.
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

// open opens a regular file, or returns errUnavailable.
func (b beneath) open(name string) (fs.File, error) {
	if b.dir == nil {
		return nil, errUnavailable
	}
	fd, err := b.openat2(name, unix.O_RDONLY|noWait)
	if errors.Is(err, errUnavailable) {
		return nil, err
	}
	if err != nil {
		return nil, &fs.PathError{Op: "openat2", Path: name, Err: err}
	}
	f := &file{fd: fd, name: name}
	opened, err := f.stat()
	if err == nil && opened.st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		err = fs.ErrNotExist
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	f.opened.Store(opened)
	return f, nil
}

func (b beneath) openat2(name string, flags uint64) (int, error) {
	how := unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS}
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
	if closed != nil {
		return -1, errUnavailable
	}
	return fd, err
}
