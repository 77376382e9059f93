package exports

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMode000(t *testing.T) {
	eachWay(t, func(t *testing.T, tree func(string) *Tree) {
		dir := t.TempDir()
		write(t, dir, "closed", "folder/file", "open")
		for _, name := range []string{"closed", "folder"} {
			if err := os.Chmod(filepath.Join(dir, name), 0); err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(func() { os.Chmod(filepath.Join(dir, "folder"), 0o755) })
		tr := tree(dir)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if os.Geteuid() == 0 {
				runtime.LockOSThread() // and end with the goroutine
				if err := unix.Setfsuid(65534); err != nil {
					t.Error(err)
				}
			}
			wantRead(t, tr, "open", "open")
			for _, name := range []string{"closed", "folder/file"} {
				wantRefused(t, tr, name)
			}
			if _, err := tr.List(t.Context(), "folder"); err != fs.ErrNotExist {
				t.Errorf("List of a folder of mode 000: %v", err)
			}
		}()
		<-done
	})
}

// A file reads, seeks and goes out by sendfile as an *os.File does.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "x/")
	tr := open(t, Export{Path: "/", Dir: dir})
	if local(tr).held.Load().dir == nil {
		t.Skip("no openat2")
	}
	path := filepath.Join(dir, "x", "file")
	for _, size := range []int{0, 1, 4096, 100000} {
		want := bytes.Repeat([]byte("ab"), size)[:size]
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := tr.Open("x/file")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(f); !bytes.Equal(got, want) || err != nil {
			t.Errorf("read %d bytes of %d, %v", len(got), size, err)
		}
		if got, err := io.ReadAll(io.NewSectionReader(f.(io.ReaderAt), 1, 3)); !bytes.Equal(got, want[min(1, size):min(4, size)]) || err != nil {
			t.Errorf("read %q at 1 of %d bytes, %v", got, size, err)
		}
		if n, err := f.(io.ReaderAt).ReadAt(make([]byte, 2), int64(size)-1); size > 0 && (n != 1 || err != io.EOF) {
			t.Errorf("ReadAt across the end: %d, %v", n, err)
		}
		if n, err := f.(io.Seeker).Seek(int64(size/2), io.SeekStart); n != int64(size/2) || err != nil {
			t.Errorf("Seek: %d, %v", n, err)
		}
		if got := receive(t, f); !bytes.Equal(got, want[size/2:]) {
			t.Errorf("sendfile of %d bytes of %d", len(got), size)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		raw, err := f.(syscall.Conn).SyscallConn()
		if err == nil {
			err = raw.Control(func(uintptr) { t.Error("a closed file is used") })
		}
		if !errors.Is(err, fs.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}

// receive returns what comes out of a TCP connection that f is copied to.
func receive(t *testing.T, f io.Reader) []byte {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	sent := make(chan error, 1)
	go func() {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err == nil {
			_, err = c.(*net.TCPConn).ReadFrom(&io.LimitedReader{R: f, N: 1 << 30})
			c.Close()
		}
		sent <- err
	}()
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got, err := io.ReadAll(c)
	if err := errors.Join(err, <-sent); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestFileStat(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file")
	f, err := open(t, Export{Path: "/", Dir: dir}).Open("file")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "file"), 2); err != nil {
		t.Fatal(err)
	}
	first, err := f.Stat()
	if err != nil || first.Name() != "file" || first.Mode() != 0o644 || first.IsDir() {
		t.Errorf("Stat = %v, %v", first, err)
	}
	if n, err := f.Read(make([]byte, 1)); n != 1 {
		t.Errorf("Read = %d, %v", n, err)
	}
	if now, err := f.Stat(); err != nil || now.Size() != 2 {
		t.Errorf("Stat after the file was cut = %v, %v", now, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	_, read := f.Read(make([]byte, 1))
	_, stat := f.Stat()
	for _, err := range []error{read, stat, f.Close()} {
		if !errors.Is(err, fs.ErrClosed) {
			t.Errorf("after Close: %v, want fs.ErrClosed", err)
		}
	}
}

// Neither refusals nor a root that was replaced keep descriptors.
func TestDescriptors(t *testing.T) {
	base := t.TempDir()
	write(t, base, "a/file", "b/only-b")
	for _, dir := range []string{"a", "b"} {
		if err := unix.Mkfifo(filepath.Join(base, dir, "fifo"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	count := func() int {
		t.Helper()
		open, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(open)
	}
	before := count()
	tree, err := New(Export{Path: "/", Dir: filepath.Join(base, "a")})
	if err != nil {
		t.Fatal(err)
	}
	rename(t, filepath.Join(base, "a"), filepath.Join(base, "c"))
	rename(t, filepath.Join(base, "b"), filepath.Join(base, "a"))
	wantRead(t, tree, "only-b", "b/only-b")
	for range 20 {
		for _, name := range []string{"fifo", "missing", "/"} {
			wantRefused(t, tree, name)
		}
		wantList(t, tree, "/", "only-b")
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors are open, %d before", after, before)
	}
}
