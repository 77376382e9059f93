package admin_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"mts/admin"
	"mts/core/client"
)

func open(t testing.TB, s admin.Socket) net.Listener {
	t.Helper()
	ln, err := s.Listen()
	must(t, err)
	t.Cleanup(func() { ln.Close() })
	return ln
}

// expectRefused checks that Listen fails and leaves the file at path alone.
func expectRefused(t *testing.T, path, want string) {
	t.Helper()
	before, _ := os.Lstat(path)
	ln, err := admin.Socket{Path: path}.Listen()
	if err == nil {
		ln.Close()
		t.Fatalf("%s was opened", path)
	}
	if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v; want %s", err, want)
	}
	after, _ := os.Lstat(path)
	if before != nil && (after == nil || !os.SameFile(before, after)) {
		t.Error("what was there is gone")
	}
}

func TestSocket(t *testing.T) {
	path := filepath.Join(folder(t), "made", "admin.sock")
	ln := open(t, admin.Socket{Path: path})
	if runtime.GOOS != "windows" {
		for name, want := range map[string]os.FileMode{path: os.ModeSocket | 0o600, filepath.Dir(path): os.ModeDir | 0o700} {
			if info, err := os.Lstat(name); err != nil || info.Mode() != want {
				t.Errorf("%s: got %v, %v; want %v", name, info.Mode(), err, want)
			}
		}
	}
	expectRefused(t, path, "a server is listening there")
	must(t, ln.Close())
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is still there")
	}
}

func TestSocketTaken(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "admin.sock")
	must(t, os.WriteFile(path, []byte("mine"), 0o600))
	expectRefused(t, path, "it exists and is not a socket")
	must(t, os.Remove(path))

	must(t, os.Symlink(filepath.Join(dir, "elsewhere"), path))
	expectRefused(t, path, "it exists and is not a socket")
	must(t, os.Remove(path))
	live := open(t, admin.Socket{Path: filepath.Join(dir, "live")})
	must(t, os.Symlink(live.Addr().String(), path))
	expectRefused(t, path, "it exists and is not a socket")
	must(t, os.Remove(path))

	must(t, os.Mkdir(path, 0o700))
	expectRefused(t, path, "it exists and is not a socket")
	must(t, os.Remove(path))

	expectRefused(t, filepath.Join(dir, strings.Repeat("x", 200)), "longer than")
}

// The path may be longer than the address of a socket.
func TestLongPath(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it takes /proc")
	}
	path := filepath.Join(folder(t), strings.Repeat("x", 150), "admin.sock")
	open(t, admin.Socket{Path: path})
	expectRefused(t, path, "a server is listening there")
}

// A socket that a killed server has left is replaced, by only one of several
// servers that start at once.
func TestStaleSocket(t *testing.T) {
	path := filepath.Join(folder(t), "admin.sock")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	must(t, err)
	stale.SetUnlinkOnClose(false)
	must(t, stale.Close())
	results := make(chan error, 8)
	for range cap(results) {
		go func() {
			ln, err := admin.Socket{Path: path}.Listen()
			if err == nil {
				t.Cleanup(func() { ln.Close() })
			}
			results <- err
		}()
	}
	won := 0
	for range cap(results) {
		if <-results == nil {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d of them have it", won)
	}
}

// A server that has been replaced doesn't remove the new one's socket.
func TestReplacedSocket(t *testing.T) {
	path := filepath.Join(folder(t), "admin.sock")
	old := open(t, admin.Socket{Path: path})
	open(t, admin.Socket{Path: path, Replace: true})
	must(t, old.Close())
	conn, err := net.Dial("unix", path)
	must(t, err)
	conn.Close()
}

func TestFolderOfOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("access is by list there")
	}
	dir := folder(t)
	must(t, os.Chmod(dir, 0o777))
	expectRefused(t, filepath.Join(dir, "admin.sock"), "others may write to its folder")
	must(t, os.Chmod(dir, 0o777|os.ModeSticky))
	open(t, admin.Socket{Path: filepath.Join(dir, "admin.sock")})
}

// Of a hundred consoles sixteen are served and the others refused. When they have
// disconnected, new ones are served.
func TestHundredConsoles(t *testing.T) {
	h := newTestServer(t, nil)
	path := h.socket()
	var mu sync.Mutex
	heard := map[string]int{}
	var conns []net.Conn
	var all sync.WaitGroup
	for range 100 {
		conn, err := net.Dial("unix", path)
		must(t, err)
		defer conn.Close()
		conns = append(conns, conn)
		all.Go(func() {
			b := make([]byte, 200)
			n, err := io.ReadAtLeast(conn, b, 10)
			if err != nil {
				b, n = fmt.Append(nil, err), len(err.Error())
			}
			mu.Lock()
			heard[string(b[:n])]++
			mu.Unlock()
		})
	}
	all.Wait()
	if heard["#Server Ready.\r\n"] != 16 || heard["![code=busy] Too many consoles.\r\n"] < 50 {
		t.Errorf("heard %v", heard)
	}
	_, err := admin.Dial(t.Context(), path)
	if !errors.Is(err, client.ErrConnect) {
		t.Errorf("got %v", err)
	}
	for _, conn := range conns {
		conn.Close()
	}
	eventually(t, "room again", func() bool {
		c, err := admin.Dial(t.Context(), path)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}
