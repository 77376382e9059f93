package exports

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

const canary = "outside the root"

// write makes files below dir: names that end in a slash are folders.
func write(t testing.TB, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			path += "/"
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t testing.TB, exports ...Export) *Tree {
	t.Helper()
	tree, err := New(exports...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
	return tree
}

func local(tree *Tree) *dir { return tree.exports[0].source.(*dir) }

func read(tree *Tree, name string) (string, error) {
	f, err := tree.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	return string(data), err
}

func wantRead(t *testing.T, tree *Tree, name, want string) {
	t.Helper()
	if got, err := read(tree, name); got != want || err != nil {
		t.Errorf("Open(%q) holds %q, %v; want %q", name, got, err, want)
	}
}

// wantRefused checks that name isn't served and that its error is the one of
// all refusals.
func wantRefused(t *testing.T, tree *Tree, name string) {
	t.Helper()
	if data, err := read(tree, name); err != fs.ErrNotExist {
		t.Errorf("Open(%q) = %q, %v; want fs.ErrNotExist", name, data, err)
	}
}

func list(t testing.TB, tree *Tree, name string) []string {
	t.Helper()
	seq, err := tree.List(t.Context(), name)
	if err != nil {
		t.Fatalf("List(%q): %v", name, err)
	}
	names := []string{}
	for info, err := range seq {
		if err != nil {
			info.Name += ": " + err.Error()
		}
		if info.Dir {
			info.Name += "/"
		}
		names = append(names, info.Name)
	}
	return names
}

func wantList(t *testing.T, tree *Tree, name string, want ...string) {
	t.Helper()
	if got := list(t, tree, name); !slices.Equal(got, want) {
		t.Errorf("List(%q) = %q, want %q", name, got, want)
	}
}

func TestTraversal(t *testing.T) {
	base := t.TempDir()
	write(t, base, "root/in/file", "root/file", "secret/canary")
	outside := filepath.Join(base, "secret", "canary")
	if err := os.WriteFile(outside, []byte(canary), 0o644); err != nil {
		t.Fatal(err)
	}
	tree := open(t, Export{Path: "/", Dir: filepath.Join(base, "root")}, Export{Path: "c:", Dir: filepath.Join(base, "root")})
	names := []string{
		"..", "../", "/..", `..\`, `\..`, "../secret/canary", "/../secret/canary", `..\secret\canary`, `\..\secret\canary`,
		"in/../../secret/canary", `in\..\..\secret\canary`, `in/..\../secret/canary`, "in/../file", "./file", "/./file", "in/./file", "in/.", "in/..",
		"//file", "in//file", `\\file`, `in\\file`, "file/", "in/", `file\`, "/in/", "file/.", "file/..", "file/../../secret/canary",
		"....//secret/canary", "..../secret/canary", ".../secret/canary", "..;/secret/canary", "%2e%2e/secret/canary", "..%2fsecret/canary",
		"%2e%2e%2fsecret%2fcanary", "..%5csecret%5ccanary", "..%c0%afsecret/canary", "..\xc0\xafsecret/canary", "\xc0\xae\xc0\xae/secret/canary",
		"．．/secret/canary", "..∕secret∕canary", "../secret/canary\x00", "file\x00", "file\x00/../../secret/canary", "..\n/secret/canary", "file\r", "file\x1b", "file\x7f", "file\u0085",
		"c:../secret/canary", `c:\..\secret\canary`, "c:/../secret/canary", "c:file", "c:/c:/file", "/c:/../secret/canary", "d:/file", "//c:/file", `\\c:\file`,
		"file:stream", "file::$DATA", "in:stream/file", ":file", ":", "/:/file", "..:/secret/canary",
		"nul", "NUL.txt", "nul .txt", "con", "in/aux", "com1", "COM1.tar.gz", "lpt³", "com¹.x", "conin$", "CONOUT$.log", "prn.", "con:", "con/file",
		"~/secret/canary", "$HOME/secret/canary", "file|", "in/file/file", "file/file",
		outside, strings.TrimPrefix(outside, "/"), "file://" + outside, `\\?\` + outside, `\\.\` + outside, `\\localhost\c$\secret\canary`,
		strings.Repeat("../", 40) + outside, strings.Repeat("in/../", 40) + "file", strings.Repeat("a", 300), strings.Repeat("a/", 3000) + "a",
	}
	for _, name := range names {
		wantRefused(t, tree, name)
		if data, err := read(tree, name); data == canary {
			t.Errorf("Open(%q) read the canary, %v", name, err)
		}
		if seq, err := tree.List(t.Context(), name); err == nil {
			for info := range seq {
				t.Errorf("List(%q) shows %q", name, info.Name)
			}
		}
	}
	wantRead(t, tree, "in/file", "root/in/file") // what is beside them is served
}

func TestDrives(t *testing.T) {
	c, data := t.TempDir(), t.TempDir()
	write(t, c, "setup.log", "Sub/x")
	write(t, data, "y")
	tree := open(t, Export{Path: "C:", Dir: c}, Export{Path: "Data:", Dir: data})
	for _, name := range []string{`c:\setup.log`, `C:\setup.log`, "c:/setup.log", "/c:/setup.log", `\C:/setup.log`} {
		wantRead(t, tree, name, "setup.log")
	}
	wantRead(t, tree, `c:\Sub\x`, "Sub/x")
	wantRead(t, tree, `DATA:\y`, "y")
	for _, name := range []string{"c:", `c:\`, "/c:", "setup.log", `d:\setup.log`, `c:\c:\setup.log`, "c:setup.log"} {
		wantRefused(t, tree, name)
	}
	wantList(t, tree, "/", "c:/", "data:/")
	wantList(t, tree, `C:\`, "Sub/", "setup.log")
	if info, err := tree.Stat(`C:\`); info.Name != "c:" || !info.Dir || err != nil {
		t.Errorf(`Stat("C:\") = %+v, %v`, info, err)
	}
}

func TestMounts(t *testing.T) {
	top, pub, deep := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, top, "a", "pub/shadowed", "z", "x")
	write(t, pub, "p")
	write(t, deep, "d")
	tree := open(t, Export{Path: "/", Dir: top}, Export{Path: "/pub", Dir: pub}, Export{Path: "/x/y/z", Dir: deep}, Export{Path: "c:", FS: fstest.MapFS{}})
	wantList(t, tree, "/", "a", "c:/", "pub/", "x/", "z")
	wantList(t, tree, "/pub", "p")
	wantList(t, tree, "/x", "y/")
	wantList(t, tree, "/x/y", "z/")
	wantList(t, tree, "/x/y/z", "d")
	wantList(t, tree, "c:")
	wantRead(t, tree, "/pub/p", "p")
	wantRead(t, tree, "/x/y/z/d", "d")
	wantRefused(t, tree, "/pub/shadowed")
	wantRefused(t, tree, "/x/y")
	for _, name := range []string{"a", "/pub/p", "/nope", "/pub/nope", "d:", "pub/../a"} {
		if _, err := tree.List(t.Context(), name); err != fs.ErrNotExist {
			t.Errorf("List(%q): %v, want fs.ErrNotExist", name, err)
		}
	}
}

func TestOnly(t *testing.T) {
	top, other := t.TempDir(), t.TempDir()
	write(t, top, "a", "pub/docs/x", "pub/y", "public")
	write(t, other, "o")
	all := open(t, Export{Path: "/", Dir: top}, Export{Path: "/other", Dir: other}, Export{Path: "c:", Dir: other})

	docs := all.Only([]string{"/pub/docs", "C:", "/missing", "bad//path", "d:"})
	wantList(t, docs, "/", "c:/", "pub/")
	wantList(t, docs, "/pub", "docs/")
	wantList(t, docs, "/pub/docs", "x")
	wantRead(t, docs, "/pub/docs/x", "pub/docs/x")
	wantRead(t, docs, `c:\o`, "o")
	for _, name := range []string{"a", "/pub/y", "/public", "/other/o", "/pub/docs"} {
		wantRefused(t, docs, name)
	}
	if _, err := docs.Stat("/missing"); err != fs.ErrNotExist {
		t.Errorf("Stat of a missing folder: %v, want fs.ErrNotExist", err)
	}

	wantList(t, all.Only([]string{"/other"}), "/", "other/")
	wantList(t, all.Only([]string{"/"}), "/", "a", "other/", "pub/", "public")
	wantList(t, all.Only(nil), "/")
	wantRefused(t, all.Only(nil), "a")

	narrower := docs.Only([]string{"/pub", "/other"})
	wantList(t, narrower, "/", "pub/")
	wantList(t, narrower, "/pub", "docs/")
	if err := docs.Close(); err != nil {
		t.Error(err)
	}
	wantRead(t, all, "a", "a") // closing a part closes nothing
}

func TestHidden(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, ".env", ".git/config", "in/.env", "seen")
	tree := open(t, Export{Path: "/", Dir: dir}, Export{Path: "h:", Dir: dir, Hidden: true}, Export{Path: "/.well-known", Dir: dir})
	for _, name := range []string{".env", ".git/config", "in/.env", `in\.env`, ".git", "/.well-known/.env"} {
		wantRefused(t, tree, name)
		if _, err := tree.Stat(name); err != fs.ErrNotExist {
			t.Errorf("Stat(%q): %v", name, err)
		}
	}
	wantList(t, tree, "/", ".well-known/", "h:/", "in/", "seen")
	wantList(t, tree, "/in")
	wantList(t, tree, "h:", ".env", ".git/", "in/", "seen")
	wantRead(t, tree, "h:/.git/config", ".git/config")
	wantRead(t, tree, "/.well-known/seen", "seen")
	wantRefused(t, tree, "h:/../.env")
}

func TestFS(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tree := open(t, Export{Path: "/", FS: fstest.MapFS{
		"a/b":   {Data: []byte("hello"), ModTime: when},
		"fifo":  {Mode: fs.ModeNamedPipe},
		"dev":   {Mode: fs.ModeDevice},
		"nul":   {Data: []byte("x")},
		"c:":    {Data: []byte("x")},
		"a\nb":  {Data: []byte("x")},
		`a\b`:   {Data: []byte("x")},
		".dot":  {Data: []byte("x")},
		"plain": {Data: []byte("x")},
	}})
	wantRead(t, tree, "a/b", "hello")
	for _, name := range []string{"a", "fifo", "dev", "c:", "a\nb", ".dot", "nope", "a/b/c"} {
		wantRefused(t, tree, name)
	}
	withheld := ": " + ErrWithheld.Error()
	wantList(t, tree, "/", "a/", "a\nb"+withheld, `a\b`+withheld, "c:"+withheld, "nul", "plain")
	info, err := tree.Stat("a/b")
	if info.Name != "b" || info.Size != 5 || !info.Modified.Equal(when) || info.Dir || err != nil {
		t.Errorf("Stat = %+v, %v", info, err)
	}
}

// failing is a file system on which everything ends in err.
type failing struct{ err error }

func (f failing) Open(string) (fs.File, error) { return nil, f.err }

func TestErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, test := range []struct{ err, want error }{
		{fs.ErrPermission, fs.ErrNotExist},
		{&fs.PathError{Op: "open", Path: "/etc/shadow", Err: fs.ErrPermission}, fs.ErrNotExist},
		{fs.ErrInvalid, fs.ErrNotExist},
		{&fs.PathError{Op: "openat", Path: "/x", Err: syscall.ELOOP}, fs.ErrNotExist},
		{syscall.ENAMETOOLONG, fs.ErrNotExist},
		{broken, broken},
		{syscall.EMFILE, syscall.EMFILE},
		{syscall.EIO, syscall.EIO},
	} {
		tree := open(t, Export{Path: "/", FS: failing{test.err}})
		if _, err := tree.Open("x"); err != test.want {
			t.Errorf("Open of a file with %v: %v, want %v", test.err, err, test.want)
		}
		if _, err := tree.Stat("x"); err != test.want {
			t.Errorf("Stat of a file with %v: %v, want %v", test.err, err, test.want)
		}
	}
}

func TestNew(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file")
	for _, test := range []struct {
		bad  Export
		want string
	}{
		{Export{Path: "/ok", Dir: dir}, "twice"},
		{Export{Path: `ok`, Dir: dir}, "twice"},
		{Export{Path: "C:", Dir: dir}, "twice"},
		{Export{Path: "", Dir: dir}, "path"},
		{Export{Path: "/a/", Dir: dir}, "path"},
		{Export{Path: "/../a", Dir: dir}, "path"},
		{Export{Path: "a\n:", Dir: dir}, "path"},
		{Export{Path: "\xff:", Dir: dir}, "path"},
		{Export{Path: "/none", Dir: filepath.Join(dir, "none")}, "none"},
		{Export{Path: "/file", Dir: filepath.Join(dir, "file")}, "not a directory"},
		{Export{Path: "/neither"}, "either"},
		{Export{Path: "/both", Dir: dir, FS: fstest.MapFS{}}, "either"},
	} {
		_, err := New(Export{Path: "/ok", Dir: dir}, Export{Path: "c:", Dir: dir}, test.bad)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Index != 2 || e.Path != test.bad.Path || !strings.Contains(err.Error(), test.want) {
			t.Errorf("New(…, %+v): %v, want one that says %q", test.bad, err, test.want)
		}
	}
}

func TestListMany(t *testing.T) {
	many := fstest.MapFS{}
	for i := range 2000 {
		many[fmt.Sprintf("f%06d", i)] = &fstest.MapFile{}
	}
	tree := open(t, Export{Path: "/", FS: many})
	names := list(t, tree, "/")
	if len(names) != 2000 || !slices.IsSorted(names) {
		t.Errorf("%d names, sorted: %v", len(names), slices.IsSorted(names))
	}
	seq, err := tree.List(t.Context(), "/")
	if err != nil {
		t.Fatal(err)
	}
	for range seq {
		break // may end early
	}
}
