package server_test

import (
	"bytes"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"mts/core/exports"
	"mts/core/harness"
	"mts/core/server"
	"mts/core/wire"
)

const mebi = 1 << 20

// A huge file comes whole, and the server doesn't hold it.
func TestHugeFile(t *testing.T) {
	dir := t.TempDir()
	const size, vastSize = 512 * mebi / hugeShare, 4096*mebi/hugeShare + 1
	sparse(t, filepath.Join(dir, "huge"), size)
	s := newServer(t, dir, nil)
	for _, transport := range []string{"tcp", "tls"} {
		for _, mode := range []string{"MODE STREAM", "MODE BLOCK"} {
			t.Run(transport+"/"+mode, func(t *testing.T) {
				enter(t, dialer(t, s, transport)(), mode).fetchHuge("huge", mode, size)
			})
		}
	}
	s = newServer(t, dir, func(c *server.Config) {
		tree, err := exports.New(exports.Export{Path: "/", FS: vast(vastSize)})
		harness.Must(t, err)
		c.Exports = tree
	})
	for _, mode := range []string{"MODE STREAM", "MODE BLOCK"} {
		t.Run("pipe/"+mode, func(t *testing.T) {
			enter(t, dialer(t, s, "pipe")(), mode).fetchHuge("vast", mode, vastSize)
		})
	}
}

// Offsets may be larger than 32 bits hold.
func TestHugeOffset(t *testing.T) {
	dir := t.TempDir()
	sparse(t, filepath.Join(dir, "huge"), 4096*mebi+1)
	overAll(t, newServer(t, dir, nil), func(t *testing.T, dial func() net.Conn) {
		c := enter(t, dial())
		c.send("PART 4294967292 - huge", "PART 0 5 huge", "PART 4294967296 4294967296 huge", "STAT huge")
		c.want("last!#File huge sent successfully.", "first#File huge sent successfully.",
			"!#File huge sent successfully.", "type=file;size=4294967297;modify=*;etag=*; huge\n#OK.")
	})
}

// fetchHuge fetches a file that begins and ends with a mark.
func (c *client) fetchHuge(name, mode string, size int64) {
	c.t.Helper()
	got, before := &ends{}, heap()
	c.send("FILE " + name)
	var err error
	if mode == "MODE BLOCK" {
		_, err = wire.NewReplyReader(c.r).ReadReply(got, size)
	} else {
		_, err = io.CopyBuffer(got, struct{ io.Reader }{io.LimitReader(c.r, size)}, make([]byte, 256<<10))
		c.want("#File " + name + " sent successfully.")
	}
	if err != nil || got.n != size || string(got.first) != "first" || string(got.last) != "last!" {
		c.t.Errorf("got %d bytes, %q to %q, %v; want %d", got.n, got.first, got.last, err, size)
	}
	if grown := got.heap - before; grown > 16<<20 {
		c.t.Errorf("memory grew by %d bytes", grown)
	}
	c.send("NOOP")
	c.want("#OK.")
}

// A vast file system has one file of so many bytes, which are nowhere.
type vast int64

func (v vast) Open(name string) (fs.File, error) {
	f, err := fstest.MapFS{"vast": {}}.Open(name)
	if err != nil || name != "vast" {
		return f, err
	}
	marks := io.MultiReader(strings.NewReader("first"), &anything{int64(v) - 10}, strings.NewReader("last!"))
	return vastFile{f, marks, int64(v)}, nil
}

type vastFile struct {
	fs.File
	io.Reader
	size int64
}

func (f vastFile) Read(p []byte) (int, error) { return f.Reader.Read(p) }

func (f vastFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	return vastInfo{info, f.size}, err
}

type vastInfo struct {
	fs.FileInfo
	size int64
}

func (i vastInfo) Size() int64 { return i.size }

// Anything is a reader of what is in the buffer anyway.
type anything struct{ left int64 }

func (a *anything) Read(p []byte) (int, error) {
	n := min(a.left, int64(len(p)))
	a.left -= n
	if n == 0 {
		return 0, io.EOF
	}
	return int(n), nil
}

// sparse makes a file of size bytes with a mark at each end.
func sparse(t testing.TB, path string, size int64) {
	t.Helper()
	f, err := os.Create(path)
	harness.Must(t, err)
	defer f.Close()
	_, err = f.WriteString("first")
	harness.Must(t, err)
	_, err = f.WriteAt([]byte("last!"), size-5)
	harness.Must(t, err)
}

// Ends is what is written to it: how much, and the first and last bytes; and
// the most memory in use meanwhile.
type ends struct {
	n           int64
	first, last []byte
	heap        int64
}

func (e *ends) Write(p []byte) (int, error) {
	if e.n == 0 {
		e.first = bytes.Clone(p[:5])
	}
	const sample = 128 * mebi / hugeShare
	if before := e.n; before/sample != (before+int64(len(p)))/sample {
		e.heap = max(e.heap, heap())
	}
	e.n += int64(len(p))
	e.last = append(e.last, p[max(0, len(p)-5):]...)
	e.last = append(e.last[:0], e.last[max(0, len(e.last)-5):]...)
	return len(p), nil
}
