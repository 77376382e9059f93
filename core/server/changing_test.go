package server_test

import (
	"bytes"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"mts/core/exports"
	"mts/core/harness"
	"mts/core/server"
)

const bigSize = 12 << 20 // more than sockets hold

// What happens to a file while it is sent is never hidden by a success.
func TestChangingFile(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(t *testing.T, path string)
		ok     bool // the old content comes whole
	}{
		{"grown", func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			harness.Must(t, err)
			_, err = io.WriteString(f, "more")
			harness.Must(t, err)
			harness.Must(t, f.Close())
		}, true},
		{"replaced by rename", func(t *testing.T, path string) {
			harness.Must(t, os.WriteFile(path+"~", make([]byte, bigSize), 0o600))
			harness.Must(t, os.Rename(path+"~", path))
		}, true},
		{"removed", func(t *testing.T, path string) { harness.Must(t, os.Remove(path)) }, true},
		{"truncated", func(t *testing.T, path string) { harness.Must(t, os.Truncate(path, 11<<20)) }, false},
		{"emptied", func(t *testing.T, path string) { harness.Must(t, os.Truncate(path, 0)) }, false},
		{"replaced in place", func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			harness.Must(t, err)
			_, err = f.WriteAt([]byte("other"), 11<<20)
			harness.Must(t, err)
			harness.Must(t, f.Close())
			harness.Must(t, os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)))
		}, false},
	} {
		for _, mode := range []string{"MODE STREAM", "MODE BLOCK"} {
			t.Run(test.name+"/"+mode, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "big")
				content := writeFile(t, dir, "big", bigSize)
				overAll(t, newServer(t, dir, nil), func(t *testing.T, dial func() net.Conn) {
					c := enter(t, dial(), mode)
					for _, command := range []string{"PART 0 - big", "FILE big"} {
						harness.Must(t, os.WriteFile(path, content, 0o600))
						c.send(command)
						if _, err := c.r.Peek(100); err != nil {
							t.Fatal(err)
						}
						test.change(t, path)
						if test.ok {
							c.wantSent(mode == "MODE BLOCK", content)
						} else if !c.wantBroken(mode == "MODE BLOCK") {
							c = enter(t, dial(), mode)
						}
					}
				})
			})
		}
	}
}

// wantSent reads a reply that is a file and its success.
func (c *client) wantSent(block bool, content []byte) {
	c.t.Helper()
	if block {
		reply, got, err := c.blocks(bigSize)
		if err != nil || !reply.OK || !bytes.Equal(got, content) {
			c.t.Fatalf("got %d bytes, %+v, %v; want the file", len(got), reply, err)
		}
		return
	}
	got := make([]byte, len(content))
	if _, err := io.ReadFull(c.r, got); err != nil || !bytes.Equal(got, content) {
		c.t.Fatalf("got something else than the file: %v", err)
	}
	c.want("#File big sent successfully.")
}

// wantBroken reads a reply that must not succeed: a failure, in blocks alone,
// or a cut. It reports whether the session goes on.
func (c *client) wantBroken(block bool) bool {
	c.t.Helper()
	if block {
		reply, _, err := c.blocks(bigSize)
		if err == nil && (reply.OK || reply.Fact("code") != "changed") {
			c.t.Errorf("the reply is %+v; want code=changed", reply)
		}
		if err == nil {
			return true
		}
	}
	c.wantCut()
	return false
}

// A folder that is taken away and put back is served again, by old sessions.
func TestRootReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "root")
	harness.Must(t, os.Mkdir(dir, 0o700))
	writeFile(t, dir, "a", 0)
	c := enter(t, dialer(t, newServer(t, dir, nil), "pipe")())
	c.send("FILE a")
	c.want("#File a sent successfully.")
	harness.Must(t, os.RemoveAll(dir))
	c.send("FILE a", "LIST /none", "NOOP")
	c.want("!File a could not be opened.", "!Folder /none could not be opened.", "#OK.")
	harness.Must(t, os.Mkdir(dir, 0o700))
	harness.Must(t, os.WriteFile(filepath.Join(dir, "b"), []byte("b"), 0o600))
	c.send("FILE b", "FILE a")
	c.want("b#File b sent successfully.", "!File a could not be opened.")
}

// A disk that fails half-way costs the transfer, not more than the session.
func TestReadError(t *testing.T) {
	for _, size := range []int{100, 1 << 20} {
		files := broken{fstest.MapFS{"bad": {Data: make([]byte, size)}}, size / 2}
		var log harness.Log
		s := newServer(t, t.TempDir(), func(c *server.Config) {
			tree, err := exports.New(exports.Export{Path: "/", FS: files})
			harness.Must(t, err)
			logTo(&log)(c)
			c.Exports = tree
		})
		overAll(t, s, func(t *testing.T, dial func() net.Conn) {
			c := enter(t, dial(), "MODE BLOCK")
			for _, command := range []string{"HASH bad", "FILE bad"} {
				c.send(command)
				reply, _, err := c.blocks(bigSize)
				if size == 100 || command == "HASH bad" {
					if err != nil || reply.OK || reply.Text != "Internal error." || reply.Fact("code") != "internal" {
						t.Fatalf("%s: %+v, %v; want an internal error", command, reply, err)
					}
				} else if err == nil {
					t.Errorf("%s: %+v; want a cut", command, reply)
				}
			}
			c = enter(t, dial())
			c.send("FILE bad")
			if size == 100 {
				c.want("!Internal error.")
			} else {
				c.wantCut()
			}
		})
		if log.Count("input/output error") == 0 {
			t.Error("the log doesn't tell the error")
		}
	}
}

// A broken file system fails behind the first good bytes of each file.
type broken struct {
	fstest.MapFS
	good int
}

func (b broken) Open(name string) (fs.File, error) {
	f, err := b.MapFS.Open(name)
	if err != nil || !strings.HasSuffix(name, "bad") {
		return f, err
	}
	return brokenFile{f, io.MultiReader(io.LimitReader(f, int64(b.good)), iotest.ErrReader(syscall.EIO))}, nil
}

type brokenFile struct {
	fs.File
	r io.Reader
}

func (f brokenFile) Read(p []byte) (int, error) { return f.r.Read(p) }
