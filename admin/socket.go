package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"mts/core/access"
	"mts/core/atomicfile"
)

// A Socket is where operators reach the server.
type Socket struct {
	Path string
	// Shared lets other users of the system connect; the plane then decides.
	Shared bool
	// Replace is for a process that takes over from another: it replaces the
	// socket even if the other process still listens to it.
	Replace bool
}

const liveTimeout = time.Second // for a live socket to accept

// Listen opens the socket, and makes its folder if there is none. Until the
// mode is set, only the owner can connect. A socket that nobody
// listens to is replaced. Anything else at the path is an error, and so is a
// folder in which others could replace the socket. Closing the listener removes
// the socket, unless another process has replaced it.
func (s Socket) Listen() (net.Listener, error) {
	path, err := filepath.Abs(s.Path) // so it can't be an abstract socket either
	if err != nil {
		return nil, err
	}
	s.Path = path
	ln, err := s.listen()
	if err != nil {
		return nil, fmt.Errorf("admin socket %s: %w", path, err)
	}
	return ln, nil
}

func (s Socket) listen() (net.Listener, error) {
	dir, fileMode, dirMode := filepath.Dir(s.Path), fs.FileMode(0o600), fs.FileMode(0o700)
	if s.Shared {
		fileMode, dirMode = 0o666, 0o711
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, err
	}
	if err := access.CheckSocket(s.Path); err != nil {
		return nil, err
	}
	unlock, err := atomicfile.Lock(dir) // so that one of two starting servers sees the other
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := s.removeStale(); err != nil {
		return nil, err
	}
	defer restrictUmask()() // until chmod
	name, done, err := shortName(s.Path)
	if err != nil {
		return nil, err
	}
	defer done()
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return nil, err
	}
	ln.SetUnlinkOnClose(false)
	l := &listener{UnixListener: ln, path: s.Path}
	l.info, err = os.Lstat(s.Path)
	if err == nil {
		err = os.Chmod(s.Path, fileMode)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// dial connects to the socket at path.
func dial(ctx context.Context, path string) (net.Conn, error) {
	name, done, err := shortName(path)
	if err != nil {
		return nil, err
	}
	defer done()
	return new(net.Dialer).DialContext(ctx, "unix", name)
}

// shortName returns a name of the socket at path that fits into an address, valid
// until done is called. On Linux, a long path is replaced by one through its open
// folder.
func shortName(path string) (name string, done func(), err error) {
	most := len(syscall.RawSockaddrUnix{}.Path) - 1
	if len(path) <= most {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	open := fmt.Sprintf("/proc/self/fd/%d", dir.Fd())
	name = filepath.Join(open, filepath.Base(path))
	if _, err := os.Stat(open); err != nil || len(name) > most {
		dir.Close()
		return "", nil, fmt.Errorf("the path is longer than %d bytes", most)
	}
	return name, func() { dir.Close() }, nil
}

// removeStale removes a socket that nobody listens to.
func (s Socket) removeStale() error {
	info, err := os.Lstat(s.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return errors.New("it exists and is not a socket")
	}
	ctx, cancel := context.WithTimeout(context.Background(), liveTimeout)
	defer cancel()
	conn, err := dial(ctx, s.Path)
	if err == nil {
		conn.Close()
	}
	if s.Replace || errors.Is(err, syscall.ECONNREFUSED) {
		return os.Remove(s.Path)
	}
	if err == nil {
		err = errors.New("a server is listening there; does another mtsd run?")
	}
	return err
}

// A listener is a Unix listener that removes its socket when it is closed.
type listener struct {
	*net.UnixListener
	path string
	info fs.FileInfo
	once sync.Once
	err  error // of Close
}

// Close closes the listener, and removes the socket if it is still its own.
func (l *listener) Close() error {
	l.once.Do(func() {
		l.remove() // first: an open socket keeps its inode number
		l.err = l.UnixListener.Close()
	})
	return l.err
}

func (l *listener) remove() {
	unlock, err := atomicfile.Lock(filepath.Dir(l.path))
	if err != nil {
		return // the folder is gone
	}
	defer unlock()
	if info, err := os.Lstat(l.path); err == nil && l.info != nil && os.SameFile(info, l.info) {
		os.Remove(l.path)
	}
}
