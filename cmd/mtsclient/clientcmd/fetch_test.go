package clientcmd

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The words are those of the article.
func TestArticle(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"cu.gif", "cp.gif", "g.gif"} {
		b.put(name, "GIF89a "+name)
	}
	code, out, errs := b.run(`c:\cu.gif`, `c:\cp.gif`, `c:\g.gif`, `c:\ddd`)
	want := "cu.gif has been saved.\ncp.gif has been saved.\ng.gif has been saved.\nFile c:\\ddd not found on server\n"
	if code != exitSome || out != want || errs != "" {
		t.Errorf("code %d, stdout %q, stderr %q; want 1, %q", code, out, errs, want)
	}
	b.holds(map[string]string{"cu.gif": "GIF89a cu.gif", "cp.gif": "GIF89a cp.gif", "g.gif": "GIF89a g.gif"})
}

func TestManyFiles(t *testing.T) {
	b := newBench(t)
	var args []string
	want := make(map[string]string)
	for i := range 500 {
		name := fmt.Sprintf("f%03d", i)
		content := strings.Repeat(name, i*i)
		b.put("sub/"+name, content)
		args, want[name] = append(args, "/sub/"+name), content
	}
	code, out, errs := b.run(args...)
	if code != 0 || errs != "" || strings.Count(out, "has been saved.\n") != len(args) {
		t.Errorf("code %d, %d lines, stderr %q", code, strings.Count(out, "\n"), errs)
	}
	b.holds(want)
}

func TestModificationTime(t *testing.T) {
	b := newBench(t)
	b.put("old", "x")
	when := time.Date(2002, 3, 4, 5, 6, 7, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(b.served, "old"), when, when); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := b.run("old"); code != 0 {
		t.Fatal(code, errs)
	}
	if fi, err := os.Stat(filepath.Join(b.saved, "old")); err != nil || !fi.ModTime().Equal(when) {
		t.Errorf("saved with %v, %v; want %v", fi.ModTime(), err, when)
	}
}

func TestJSON(t *testing.T) {
	b := newBench(t)
	b.put("dir/a", "hello")
	b.put("b", "new")
	os.WriteFile(filepath.Join(b.saved, "b"), []byte("mine"), 0o600)
	code, out, errs := b.run("--json", "dir/a", "b", "missing", "dir/..")
	if code != exitSome || errs != "" {
		t.Errorf("code %d, stderr %q", code, errs)
	}
	var got []record
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var r record
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		r.Error = ""
		got = append(got, r)
	}
	want := []record{
		{Path: "dir/a", File: "a", Status: "saved", Bytes: 5, Size: 5, SHA256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
		{Path: "b", File: "b", Status: "exists"},
		{Path: "missing", File: "missing", Status: "not-found", Code: "not-found"},
		{Path: "dir/..", File: "..", Status: "failed"},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// What stands where a file is to be saved is never written through.
func TestTargets(t *testing.T) {
	const old, fresh = "mine", "fresh"
	outside := filepath.Join(t.TempDir(), "outside")
	symlink := func(name string) error { return os.Symlink(outside, name) }
	hardlink := func(name string) error { return os.Link(outside, name) }
	regular := func(name string) error { return os.WriteFile(name, []byte(old), 0o600) }
	folder := func(name string) error { return os.Mkdir(name, 0o755) }
	tests := []struct {
		name   string
		at     string
		make   func(string) error
		force  bool
		code   int
		status string // what the file holds in the end
	}{
		{"file", "x", regular, false, exitSome, old},
		{"file, forced", "x", regular, true, 0, fresh},
		{"folder, forced", "x", folder, true, exitSome, ""},
		{"link", "x", symlink, false, exitSome, old},
		{"link, forced", "x", symlink, true, 0, fresh},
		{"hard link, forced", "x", hardlink, true, 0, fresh},
		{"stale part", ".x.part", regular, false, 0, fresh},
		{"part is a link", ".x.part", symlink, false, exitSome, ""},
		{"part is a hard link", ".x.part", hardlink, false, exitSome, ""},
		{"part is a folder", ".x.part", folder, false, exitSome, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.put("x", fresh)
			if err := os.WriteFile(outside, []byte(old), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := test.make(filepath.Join(b.saved, test.at)); err != nil {
				t.Fatal(err)
			}
			args := []string{"x"}
			if test.force {
				args = append(args, "--force")
			}
			code, out, errs := b.run(args...)
			if code != test.code || (code == 0) != (errs == "") {
				t.Errorf("code %d, stdout %q, stderr %q; want code %d", code, out, errs, test.code)
			}
			if content, _ := os.ReadFile(filepath.Join(b.saved, "x")); string(content) != test.status {
				t.Errorf("x holds %q, want %q", content, test.status)
			}
			if content, _ := os.ReadFile(outside); string(content) != old {
				t.Errorf("the file outside holds %q", content)
			}
		})
	}
}

// Two arguments can't be saved under one name, and names that lead elsewhere
// can't be saved at all.
func TestNames(t *testing.T) {
	b := newBench(t)
	b.put("a/x", "first")
	b.put("b/x", "second")
	code, out, errs := b.run("a/x", "b/x", "a/", "..", `a\..`, ".", ".y.part", "a/\x1b2J")
	if code != exitSome || out != "x has been saved.\n" || strings.Count(errs, "\n") != 7 {
		t.Errorf("code %d, stdout %q, stderr %q", code, out, errs)
	}
	if strings.Contains(errs, "\x1b") {
		t.Errorf("a control character was shown: %q", errs)
	}
	b.holds(map[string]string{"x": "first"})
}

// Names of all lengths can be saved under, until they are too long.
func TestLongNames(t *testing.T) {
	b := newBench(t)
	want := make(map[string]string)
	for _, size := range []int{200, 242, 243, 244, 254} {
		name := strings.Repeat("n", size)
		want[name+"1"] = random(2<<20 + size)
		want[name+"2"] = random(2<<20 - size)
	}
	want[strings.Repeat("€", 85)] = random(2 << 20)
	for name, content := range want {
		b.put(name, content)
	}
	args := slices.Collect(maps.Keys(want))
	if code, _, errs := b.run(args...); code != 0 || errs != "" {
		t.Errorf("code %d, stderr %q", code, errs)
	}
	b.holds(want)
	if code, _, errs := b.run(strings.Repeat("n", 256)); code != exitSome || !strings.Contains(errs, errName.Error()) {
		t.Errorf("a name too long: code %d, stderr %q", code, errs)
	}
}

// A link to a folder isn't followed, even if it stays in the output folder.
func TestLinkedFolder(t *testing.T) {
	for at, target := range map[string]string{"tree": "other", "tree/sub": "../other"} {
		b := newBench(t)
		b.put("tree/sub/x", "content")
		link, other := filepath.Join(b.saved, at), filepath.Join(b.saved, "other")
		for _, dir := range []string{filepath.Dir(link), other} {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		code, out, errs := b.run("-r", "--force", "tree")
		if code != exitSome || out != "" || !strings.Contains(errs, errLinked.Error()) {
			t.Errorf("%s: code %d, stdout %q, stderr %q", at, code, out, errs)
		}
		if entries, err := os.ReadDir(other); err != nil || len(entries) > 0 {
			t.Errorf("%s: followed: %v, %v", at, entries, err)
		}
	}
}
