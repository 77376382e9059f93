package server_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"mts/core/exports"
	"mts/core/harness"
	"mts/core/server"
)

// A halfBlind file system can't look at one file.
type halfBlind struct{ fstest.MapFS }

func (f halfBlind) Stat(name string) (fs.FileInfo, error) {
	if path.Base(name) == "bad" {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: syscall.EIO}
	}
	return f.MapFS.Stat(name)
}

// LIST says what is missing: in block mode to the client, and once in the log.
func TestListMissing(t *testing.T) {
	var log harness.Log
	s := newServer(t, t.TempDir(), func(c *server.Config) {
		tree, err := exports.New(exports.Export{Path: "/", FS: halfBlind{fstest.MapFS{
			"a": {}, "bad": {}, `back\slash`: {}, "line\nbreak": {}, ".hid\nden": {}, "z": {},
			"far": {ModTime: time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC)},
		}}})
		harness.Must(t, err)
		logTo(&log)(c)
		c.Exports = tree
	})
	overAll(t, s, func(t *testing.T, dial func() net.Conn) {
		c := enter(t, dial())
		c.send("LIST")
		for _, name := range []string{"a", "far", "z"} {
			if line := c.line(); !strings.HasSuffix(line, "; "+name+"\n") || strings.Contains(line, "modify=") == (name == "far") {
				t.Errorf("got %q, want %s", line, name)
			}
		}
		c.want("#OK.")
		c = enter(t, dial(), "MODE BLOCK")
		c.send("LIST")
		reply, data, err := c.blocks(1000)
		if err != nil || reply.Fact("withheld") != "2" || reply.Fact("unreadable") != "1" || strings.Count(string(data), "\n") != 3 {
			t.Errorf("got %+v, %q, %v", reply, data, err)
		}
		c.send("FILE far")
		if reply, _, err := c.blocks(0); !reply.OK || reply.Fact("modify") != "" || reply.Fact("etag") == "" || err != nil {
			t.Errorf("got %+v, %v", reply, err)
		}
	})
	if log.Count("msg=withheld") != 1 || log.Count(`path=/ names=2 name=back\slash`) != 1 {
		t.Errorf("the log doesn't say once what is withheld:\n%s", log.String())
	}
	if log.Count("level=ERROR msg=unreadable") == 0 {
		t.Error("the log doesn't say what is unreadable")
	}
}

// Names are bytes, on the wire too.
func TestNamesAreBytes(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems refuse some names")
	}
	dir := t.TempDir()
	names := []string{"10:30.txt", "NUL", "aux.c", "caf\xe9", "x:stream", "\xff\xfe"}
	for _, name := range names {
		harness.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(name+"\n"), 0o600))
	}
	overAll(t, newServer(t, dir, nil), func(t *testing.T, dial func() net.Conn) {
		c := enter(t, dial(), "MODE BLOCK")
		for _, name := range names {
			c.send("FILE " + name)
			if reply, data, err := c.blocks(100); !reply.OK || string(data) != name+"\n" || err != nil {
				t.Errorf("FILE %q: %+v, %q, %v", name, reply, data, err)
			}
			c.send("STAT " + name)
			if reply, data, err := c.blocks(1000); !reply.OK || !strings.HasSuffix(string(data), "; "+name+"\n") || err != nil {
				t.Errorf("STAT %q: %+v, %q, %v", name, reply, data, err)
			}
		}
		c.send("LIST c:")
		reply, data, err := c.blocks(1000)
		for line := range strings.Lines(string(data)) {
			if !strings.HasSuffix(line, "; "+names[0]+"\n") {
				t.Fatalf("LIST has %q, not %q", line, names[0])
			}
			names = append(names[1:], names[0])
		}
		if !reply.OK || len(reply.Facts) > 0 || err != nil {
			t.Errorf("LIST: %+v, %v", reply, err)
		}
	})
}

// A file that says 0 of its size is sent as what it holds.
func TestSizeZero(t *testing.T) {
	const dir = "/proc/sys/kernel"
	want, err := os.ReadFile(dir + "/ostype")
	if err != nil {
		t.Skip(err)
	}
	overAll(t, newServer(t, dir, nil), func(t *testing.T, dial func() net.Conn) {
		c := enter(t, dial())
		c.send("FILE ostype", "HASH ostype")
		c.want(string(want)+"#File ostype sent successfully.", hash(want)+"  ostype\n#OK.")
		c = enter(t, dial(), "MODE BLOCK")
		c.send("FILE ostype")
		reply, data, err := c.blocks(100)
		if !reply.OK || string(data) != string(want) || reply.Fact("bytes") != "6" || reply.Fact("size") != "" || err != nil {
			t.Errorf("got %+v, %q, %v", reply, data, err)
		}
	})
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
