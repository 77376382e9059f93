//go:build unix

package exports

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// eachWay runs test with the platform's own way to open files, and with that
// of os.Root.
func eachWay(t *testing.T, test func(t *testing.T, tree func(dir string) *Tree)) {
	t.Run("own", func(t *testing.T) {
		test(t, func(dir string) *Tree { return open(t, Export{Path: "/", Dir: dir}) })
	})
	t.Run("root", func(t *testing.T) {
		test(t, func(dir string) *Tree {
			tree := open(t, Export{Path: "/", Dir: dir})
			r := local(tree).held.Load()
			r.beneath.close()
			r.beneath = beneath{}
			return tree
		})
	})
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	names := []string{
		" lead", "-rf", "--help", "100%", "%41", "%s", "a b", "a'b", "auxiliary", "com", "com10", "console", "lpt", "nul-1", "nullify", "ünï", "日本語", "~", "#x", "!y", "$5", "*", "[a]", "a,b;c=d",
		"e\u0301", "…", "a..b", "x&y", "(1)", "{}", "`id`", "$(id)", "@", "+",
	}
	slices.Sort(names)
	write(t, dir, names...)
	tree := open(t, Export{Path: "/", Dir: dir})
	for _, name := range names {
		wantRead(t, tree, name, name)
		wantRead(t, tree, "/"+name, name)
		if info, err := tree.Stat(name); info.Name != name || info.Size != int64(len(name)) || info.Dir || len(info.ETag) != 16 || err != nil {
			t.Errorf("Stat(%q) = %+v, %v", name, info, err)
		}
	}
	wantList(t, tree, "/", names...)
	wantList(t, tree, "", names...)
}

func TestLinks(t *testing.T) {
	eachWay(t, func(t *testing.T, tree func(string) *Tree) {
		base := t.TempDir()
		write(t, base, "root/in/file", "secret/canary")
		dir := filepath.Join(base, "root")
		link(t, "in/file", filepath.Join(dir, "good"))
		link(t, "in", filepath.Join(dir, "folder"))
		link(t, "../in/file", filepath.Join(dir, "in", "up"))
		link(t, "../secret/canary", filepath.Join(dir, "out"))
		link(t, "../secret", filepath.Join(dir, "outfolder"))
		link(t, filepath.Join(base, "secret", "canary"), filepath.Join(dir, "abs"))
		link(t, filepath.Join(dir, "in", "file"), filepath.Join(dir, "absin"))
		link(t, "missing", filepath.Join(dir, "dangling"))
		link(t, "loop", filepath.Join(dir, "loop"))
		link(t, "/dev/null", filepath.Join(dir, "null"))
		link(t, "/proc/self/root", filepath.Join(dir, "magic"))
		tr := tree(dir)
		for _, name := range []string{"good", "folder/file", "in/up", "folder/up"} {
			wantRead(t, tr, name, "root/in/file")
		}
		for _, name := range []string{"out", "outfolder/canary", "abs", "absin", "dangling", "loop", "loop/x", "null", "magic/etc/passwd", "folder"} {
			wantRefused(t, tr, name)
		}
		wantList(t, tr, "/", "folder/", "good", "in/")
		wantList(t, tr, "folder", "file", "up")
		if _, err := tr.List(t.Context(), "outfolder"); err != fs.ErrNotExist {
			t.Errorf("List of a link out: %v", err)
		}
	})
}

// A link is swapped between a target inside and one outside, as is a folder
// on the way, while both are opened.
func TestLinkSwapped(t *testing.T) {
	eachWay(t, func(t *testing.T, tree func(string) *Tree) {
		base := t.TempDir()
		write(t, base, "root/in/file", "secret/file")
		dir := filepath.Join(base, "root")
		tr := tree(dir)
		done := make(chan struct{})
		var swapper sync.WaitGroup
		swapper.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				targets := []string{"in/file", "../secret/file", "in", "../secret"}
				for j, name := range []string{"link", "folder"} {
					temp := filepath.Join(dir, "temp")
					if err := os.Symlink(targets[2*j+i%2], temp); err != nil {
						t.Error(err)
						return
					}
					if err := os.Rename(temp, filepath.Join(dir, name)); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
		for range 2000 {
			for _, name := range []string{"link", "folder/file"} {
				if data, err := read(tr, name); data != "root/in/file" && err != fs.ErrNotExist {
					t.Errorf("Open(%q) holds %q, %v", name, data, err)
				}
			}
		}
		close(done)
		swapper.Wait()
	})
}

func TestNotRegular(t *testing.T) {
	eachWay(t, func(t *testing.T, tree func(string) *Tree) {
		dir, err := os.MkdirTemp("", "") // short enough for a socket
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		write(t, dir, "folder/", "file")
		if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
			t.Fatal(err)
		}
		link(t, "fifo", filepath.Join(dir, "tofifo"))
		l, err := net.Listen("unix", filepath.Join(dir, "socket"))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		tr := tree(dir)
		for _, name := range []string{"", "/", "folder", "fifo", "tofifo", "socket", "file/x", "fifo/x"} {
			wantRefused(t, tr, name)
		}
		wantList(t, tr, "/", "file", "folder/")
		for _, name := range []string{"fifo", "socket", "file"} {
			if _, err := tr.List(t.Context(), name); err != fs.ErrNotExist {
				t.Errorf("List(%q): %v, want fs.ErrNotExist", name, err)
			}
		}
	})
}

// The root is removed and put back, replaced, and replaced behind a link.
func TestRootReplaced(t *testing.T) {
	eachWay(t, func(t *testing.T, tree func(string) *Tree) {
		base := t.TempDir()
		write(t, base, "root/old", "two/new", "two/same", "three/last")
		root, held := filepath.Join(base, "root"), filepath.Join(base, "held")
		tr := tree(root)
		clock := local(tr).start
		local(tr).now = func() time.Time { return clock }
		wantRead(t, tr, "old", "root/old")

		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, tr, "old")
		wantList(t, tr, "/")
		write(t, base, "root/old", "root/same")
		wantRead(t, tr, "old", "root/old")

		// With nothing in its place the directory goes on to be served.
		rename(t, root, held)
		wantRead(t, tr, "same", "root/same")
		rename(t, filepath.Join(base, "two"), root)
		wantRead(t, tr, "same", "root/same") // not noticed yet
		clock = clock.Add(staleAfter)
		wantRead(t, tr, "same", "two/same")
		wantRefused(t, tr, "old")

		rename(t, root, filepath.Join(base, "two"))
		link(t, "three", root)
		wantRead(t, tr, "last", "three/last")
		clock = clock.Add(staleAfter)
		wantList(t, tr, "/", "last")
	})
}

// Readers go on while the root is replaced again and again.
func TestRootReplacedMeanwhile(t *testing.T) {
	base := t.TempDir()
	write(t, base, "a/file", "b/file", "a/only-a", "b/only-b")
	root := filepath.Join(base, "root")
	link(t, "a", root)
	tr := open(t, Export{Path: "/", Dir: root})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 500 {
				if data, err := read(tr, "file"); data != "a/file" && data != "b/file" {
					t.Errorf("file holds %q, %v", data, err)
				}
				read(tr, "only-a")
				read(tr, "only-b")
			}
		})
	}
	for i := range 200 {
		link(t, []string{"b", "a"}[i%2], filepath.Join(base, "temp"))
		rename(t, filepath.Join(base, "temp"), root)
	}
	readers.Wait()
}

func TestETag(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file", "copy")
	tr := open(t, Export{Path: "/", Dir: dir})
	etag := func() string {
		t.Helper()
		info, err := tr.Stat("file")
		if err != nil {
			t.Fatal(err)
		}
		f, err := tr.Open("file")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fi, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if ETag(fi) != info.ETag {
			t.Errorf("ETag of the open file %s, of its name %s", ETag(fi), info.ETag)
		}
		return info.ETag
	}
	path, when := filepath.Join(dir, "file"), time.Unix(1e9, 5)
	set := func(when time.Time) {
		t.Helper()
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	set(when)
	seen := []string{etag()}
	if again := etag(); again != seen[0] {
		t.Errorf("ETag changes by itself from %s to %s", seen[0], again)
	}
	set(when.Add(time.Nanosecond))
	seen = append(seen, etag())
	write(t, dir, "other")
	rename(t, filepath.Join(dir, "copy"), path)
	set(when)
	seen = append(seen, etag())
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	set(when)
	seen = append(seen, etag())
	slices.Sort(seen)
	if len(slices.Compact(slices.Clone(seen))) != 4 {
		t.Errorf("ETags of four states: %q", seen)
	}
}

func TestClosed(t *testing.T) {
	eachWay(t, func(t *testing.T, tree func(string) *Tree) {
		dir := t.TempDir()
		write(t, dir, "file")
		tr := tree(dir)
		f, err := tr.Open("file")
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Close(); err != nil {
			t.Fatal(err)
		}
		if n, err := f.Read(make([]byte, 10)); n != 4 || err != nil {
			t.Errorf("Read after the tree was closed: %d, %v", n, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if _, err := tr.Open("file"); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Open: %v, want fs.ErrClosed", err)
		}
	})
}

// A link leads to no dot file, however it gets there, unless those are served.
func TestLinksToHidden(t *testing.T) {
	eachWay(t, func(t *testing.T, tree func(string) *Tree) {
		dir := t.TempDir()
		write(t, dir, ".env", ".git/config", "in/.env", "in/file", "deep/in/file")
		for name, target := range map[string]string{
			"env": ".env", "git": ".git", "config": ".git/config", "inner": "in/.env", "top": ".", "in/up": "..", "deep/in/env": "../../.env",
			"chain": "env", "around": "in/../.env", ".dot": "in", "good": ".//in/./../in/file", "dotted": ".dot/file",
		} {
			link(t, target, filepath.Join(dir, name))
		}
		tr := tree(dir)
		for _, name := range []string{"env", "git/config", "config", "inner", "top/.env", "top/env", "in/up/env", "deep/in/env", "chain", "around"} {
			wantRefused(t, tr, name)
			if _, err := tr.Stat(name); err != fs.ErrNotExist {
				t.Errorf("Stat(%q): %v", name, err)
			}
		}
		wantList(t, tr, "/", "deep/", "dotted", "good", "in/", "top/")
		wantList(t, tr, "deep/in", "file")
		if _, err := tr.List(t.Context(), "git"); err != fs.ErrNotExist {
			t.Errorf("List of a link to a hidden folder: %v", err)
		}
		wantRead(t, tr, "good", "in/file")
		wantRead(t, tr, "dotted", "in/file") // only where it ends counts
		wantRead(t, tr, "top/in/up/in/file", "in/file")
		wantRead(t, open(t, Export{Path: "/", Dir: dir, Hidden: true}), "chain", ".env")
	})
}

// What no command can address is withheld.
func TestWithheld(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("long/", 816)[:4069]
	served := []string{"10:30.txt", "NUL", "a:", "aux.c", "caf\xe9", "con.txt", "\xff\xfe"}
	withheld := []string{`back\slash`, "bell\a", "line\nbreak", "\u0085"}
	names := slices.Concat(served, withheld)
	slices.Sort(names)
	for i, name := range names {
		write(t, dir, "in/"+name)
		if slices.Contains(withheld, name) {
			names[i] += ": " + ErrWithheld.Error()
		} else {
			wantRead(t, open(t, Export{Path: "/", Dir: dir}), "in/"+name, "in/"+name)
		}
	}
	tree := open(t, Export{Path: "/", Dir: dir}, Export{Path: "/" + long, Dir: filepath.Join(dir, "in")})
	wantList(t, tree, "in", names...)
	write(t, dir, "c:")
	wantList(t, tree, "/", "c:: "+ErrWithheld.Error(), "in/", "long/")
	write(t, dir, "in/"+strings.Repeat("x", 100))
	if got := list(t, tree, "/"+long); !slices.Contains(got, strings.Repeat("x", 100)+": "+ErrWithheld.Error()) {
		t.Errorf("a path that is too long for a line isn't withheld: %q", got)
	}
}

// A folder is known again however it was reached.
func TestUnique(t *testing.T) {
	eachWay(t, func(t *testing.T, tree func(string) *Tree) {
		dir := t.TempDir()
		write(t, dir, "a/b/file", "c/")
		link(t, "..", filepath.Join(dir, "a", "up"))
		link(t, "a", filepath.Join(dir, "d"))
		tr := tree(dir)
		unique := func(path string) string {
			t.Helper()
			info, err := tr.Stat(path)
			if err != nil || info.Unique == "" {
				t.Errorf("Stat(%q) = %+v, %v", path, info, err)
			}
			return info.Unique
		}
		for _, same := range [][]string{{"/", "a/up", "a/up/a/up"}, {"a", "d", "a/up/d"}, {"a/b", "d/b"}} {
			for _, path := range same {
				if unique(path) != unique(same[0]) {
					t.Errorf("%q and %q are one folder", path, same[0])
				}
			}
		}
		if unique("a") == unique("c") || unique("/") == unique("a") {
			t.Error("two folders are one")
		}
		seq, err := tr.List(t.Context(), "/")
		if err != nil {
			t.Fatal(err)
		}
		for info := range seq {
			if info.Unique != unique(info.Name) {
				t.Errorf("%s is unique=%s in the list, %s by itself", info.Name, info.Unique, unique(info.Name))
			}
		}
	})
}

// A directory that can't be opened in place of the old one is reported once.
func TestStale(t *testing.T) {
	base := t.TempDir()
	write(t, base, "old/file", "new/file", "plain")
	root := filepath.Join(base, "root")
	link(t, "old", root)
	tr := open(t, Export{Path: "/", Dir: root})
	clock := local(tr).start
	local(tr).now = func() time.Time { return clock }
	var reports []string
	tr.OnStale(func(dir string, err error) { reports = append(reports, dir) })
	for i, step := range []struct {
		target, want string
		stale        int
	}{{"plain", "old/file", 1}, {"plain", "old/file", 1}, {"new", "new/file", 0}, {"plain", "new/file", 1}, {"missing", "new/file", 0}} {
		if err := os.Remove(root); err != nil {
			t.Fatal(err)
		}
		link(t, step.target, root)
		clock = clock.Add(staleAfter)
		wantRead(t, tr, "file", step.want)
		if got := tr.Stale(); got != step.stale {
			t.Errorf("step %d: %d exports are stale, want %d", i, got, step.stale)
		}
	}
	if !slices.Equal(reports, []string{root, root}) {
		t.Errorf("reported %q", reports)
	}
}
