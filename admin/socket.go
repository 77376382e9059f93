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
	// Shared lets other users of the system connect, for the plane to decide.
	Shared bool
	// Replace is for a process that takes over from another: that this one's
	// socket is live is no reason not to take its place.
	Replace bool
}

const dialLive = time.Second // that a live socket has to answer in

// Listen opens the socket, in a folder that is made if there is none. From the
// first instant only its owner can connect. A socket that nobody listens to is
// replaced; what else is at the path is left alone and an error, as is a
// folder in which others could replace the socket. Closing the listener removes
// the socket, unless it is another's by then.
func (s Socket) Listen() (net.Listener, error) {
	path, err := filepath.Abs(s.Path) // also keeps it from being an abstract one
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
	unlock, err := atomicfile.Lock(dir) // so that of two servers one sees the other
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := s.clear(); err != nil {
		return nil, err
	}
	defer private()() // before there is a mode to change
	name, done, err := short(s.Path)
	if err != nil {
		return nil, err
	}
	defer done()
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return nil, err
	}
	ln.SetUnlinkOnClose(false)
	own := &listener{UnixListener: ln, path: s.Path}
	own.info, err = os.Lstat(s.Path)
	if err == nil {
		err = os.Chmod(s.Path, fileMode)
	}
	if err != nil {
		own.Close()
		return nil, err
	}
	return own, nil
}

// dial connects to the socket at path.
func dial(ctx context.Context, path string) (net.Conn, error) {
	name, done, err := short(path)
	if err != nil {
		return nil, err
	}
	defer done()
	return new(net.Dialer).DialContext(ctx, "unix", name)
}

// short returns a name of the socket at path that fits into an address, until
// done: on Linux, one through its open folder if the path itself doesn't.
func short(path string) (name string, done func(), err error) {
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

// clear makes room at the path, if that does no harm.
func (s Socket) clear() error {
	info, err := os.Lstat(s.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return errors.New("something else is there")
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialLive)
	defer cancel()
	conn, err := dial(ctx, s.Path)
	if err == nil {
		conn.Close()
	}
	if s.Replace || errors.Is(err, syscall.ECONNREFUSED) {
		return os.Remove(s.Path)
	}
	if err == nil {
		err = errors.New("a server is listening there")
	}
	return err
}

// A listener removes its socket.
type listener struct {
	*net.UnixListener
	path  string
	info  fs.FileInfo
	once  sync.Once
	ended error
}

// Close closes the listener, and removes the socket if it is still this one's.
func (l *listener) Close() error {
	l.once.Do(func() {
		l.remove() // while it is open, no other file can have its number
		l.ended = l.UnixListener.Close()
	})
	return l.ended
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
