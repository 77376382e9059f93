package clientcmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree is a bench with a tree of files that was fetched once.
func tree(t *testing.T) *bench {
	b := newBench(t)
	for _, name := range []string{"tree/a", "tree/b", "tree/sub/c", "tree/sub/deep/d", "tree/tmp/x.tmp"} {
		b.put(name, name)
	}
	if code, _, errs := b.run("-r", "tree"); code != 0 || errs != "" {
		t.Fatalf("code %d, stderr %q", code, errs)
	}
	return b
}

// names returns the files in the client's folder.
func (b *bench) names() string {
	var names []string
	filepath.WalkDir(b.saved, func(path string, d os.DirEntry, err error) error {
		if name, _ := filepath.Rel(b.saved, path); err == nil && !d.IsDir() {
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	})
	return strings.Join(names, " ")
}

func TestUpdate(t *testing.T) {
	b := tree(t)
	code, out, errs := b.run("-r", "-u", "tree")
	if code != 0 || out != "" || errs != "5 files unchanged.\n" {
		t.Errorf("unchanged: code %d, stdout %q, stderr %q", code, out, errs)
	}
	b.put("tree/b", "longer than before")
	b.put("tree/new", "new")
	code, out, errs = b.run("-r", "-u", "--dry-run", "tree")
	if code != 0 || out != "tree/b would be saved.\ntree/new would be saved.\n" {
		t.Errorf("dry: code %d, stdout %q, stderr %q", code, out, errs)
	}
	code, out, errs = b.run("-r", "-u", "-v", "tree")
	if code != 0 || out != "tree/b has been saved.\ntree/new has been saved.\n" || !strings.Contains(errs, "tree/a is unchanged.\n") {
		t.Errorf("changed: code %d, stdout %q, stderr %q", code, out, errs)
	}
	if content, _ := os.ReadFile(filepath.Join(b.saved, "tree/b")); string(content) != "longer than before" {
		t.Errorf("tree/b holds %q", content)
	}
	code, out, _ = b.run("-u", "--json", "tree/a")
	if code != 0 || !strings.Contains(out, `"status":"saved"`) { // it is another target
		t.Errorf("code %d, stdout %q", code, out)
	}
	code, out, _ = b.run("-u", "--json", "tree/a")
	if all := records(t, out); code != 0 || len(all) != 1 || all[0].Status != unchanged || all[0].SHA256 != sha([]byte("tree/a")) || all[0].Size != 6 {
		t.Errorf("code %d, stdout %q", code, out)
	}
}

func TestDelete(t *testing.T) {
	b := tree(t)
	for _, name := range []string{"tree/sub/c", "tree/tmp", "tree/b"} {
		if err := os.RemoveAll(filepath.Join(b.served, name)); err != nil {
			t.Fatal(err)
		}
	}
	mine := map[string]string{"mine": "beside the tree", "tree/keep.log": "excluded", "tree/.a.part": "unfinished", "tree/sub/mine/too": "in a folder"}
	for name, content := range mine {
		os.MkdirAll(filepath.Dir(filepath.Join(b.saved, name)), 0o755)
		if err := os.WriteFile(filepath.Join(b.saved, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := b.names()
	usual := []string{"-r", "-u", "--delete", "--exclude", "*.log", "tree"}
	code, out, errs := b.run(usual...)
	if code != exitUsage || out != "" || !strings.Contains(errs, "--yes") || b.names() != before {
		t.Errorf("nobody to ask: code %d, stdout %q, stderr %q", code, out, errs)
	}
	code, _, errs = b.run(append(usual, "--dry-run")...)
	if code != 0 || strings.Count(errs, "would be deleted.\n") != 4 || b.names() != before {
		t.Errorf("dry: code %d, stderr %q, files %q", code, errs, b.names())
	}
	code, out, errs = b.run(append(usual, "--yes", "--json")...)
	for _, name := range []string{"tree/b", "tree/tmp", "tree/sub/c", "tree/sub/mine"} {
		if !strings.Contains(out, fmt.Sprintf(`"path":%q,"file":%q,"status":"deleted"`, name, name)) {
			t.Errorf("%s wasn't reported as deleted in %q", name, out)
		}
	}
	if want := "mine tree/.a.part tree/a tree/keep.log tree/sub/deep/d"; code != 0 || errs != "" || b.names() != want {
		t.Errorf("code %d, stderr %q, files %q, want %q", code, errs, b.names(), want)
	}
}

// Where a listing failed or isn't complete, nothing is deleted.
func TestDeleteNothing(t *testing.T) {
	for name, answer := range map[string]string{
		"withheld":   entries("[withheld=1] ", "type=file;size=5;modify=20260102030405; x"),
		"unreadable": entries("[unreadable=1] ", "type=file;size=5;modify=20260102030405; x"),
		"failed":     "![code=internal] Internal error.\r\n",
		"cut":        cut,
	} {
		s := lie(t, ready, map[string]string{"LIST": answer, "FILE": fileReply, "STAT": stat("type=dir; dir")})
		saved := t.TempDir()
		mine := filepath.Join(saved, "dir", "mine")
		os.MkdirAll(filepath.Dir(mine), 0o755)
		if err := os.WriteFile(mine, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := s.run(saved, "-r", "-u", "--delete", "--yes", "dir")
		if _, err := os.Stat(mine); err != nil || code == 0 {
			t.Errorf("%s: code %d, stdout %q, stderr %q: %v", name, code, out, errs, err)
		}
	}
}

func TestFilters(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "tree/a tree/b tree/sub/c tree/sub/deep/d tree/tmp/x.tmp"},
		{[]string{"--max-depth", "1"}, "tree/a tree/b"},
		{[]string{"--max-depth", "2"}, "tree/a tree/b tree/sub/c tree/tmp/x.tmp"},
		{[]string{"--exclude", "*.tmp"}, "tree/a tree/b tree/sub/c tree/sub/deep/d"},
		{[]string{"--exclude", "sub/"}, "tree/a tree/b tree/tmp/x.tmp"},
		{[]string{"--exclude", "sub/d*"}, "tree/a tree/b tree/sub/c tree/tmp/x.tmp"},
		{[]string{"--exclude", "/sub"}, "tree/a tree/b tree/sub/c tree/sub/deep/d tree/tmp/x.tmp"},
		{[]string{"--exclude", "/tree/sub"}, "tree/a tree/b tree/tmp/x.tmp"},
		{[]string{"--include", "d", "--exclude", "[a-d]"}, "tree/sub/deep/d tree/tmp/x.tmp"},
		{[]string{"--exclude", "[a-d]", "--include", "d"}, "tree/tmp/x.tmp"},
		{[]string{"--exclude", "[!a-d]"}, "tree/a tree/b tree/sub/c tree/sub/deep/d tree/tmp/x.tmp"},
		{[]string{"--include", "*/", "--include", "deep/**", "--exclude", "*"}, "tree/sub/deep/d"},
	} {
		b := newBench(t)
		for _, name := range []string{"tree/a", "tree/b", "tree/sub/c", "tree/sub/deep/d", "tree/tmp/x.tmp"} {
			b.put(name, name)
		}
		code, _, errs := b.run(append(test.args, "-r", "tree")...)
		if code != 0 || errs != "" || b.names() != test.want {
			t.Errorf("%q: code %d, stderr %q, files %q, want %q", test.args, code, errs, b.names(), test.want)
		}
	}
}

func TestInputAndOutput(t *testing.T) {
	b := newBench(t)
	b.put("a", "first")
	b.put("b c", "second")
	list := write(t, "list", "\ufeffa\r\n\r\nb c\n")
	if code, out, errs := b.run("-i", list); code != 0 || out != "a has been saved.\nb c has been saved.\n" || errs != "" {
		t.Errorf("code %d, stdout %q, stderr %q", code, out, errs)
	}
	fresh := filepath.Join(b.saved, "new")
	if code, out, errs := b.run("-o", fresh, "--dry-run", "-r", "/"); code != 0 || !strings.Contains(out, "a would be saved.\n") || errs != "" {
		t.Errorf("dry: code %d, stdout %q, stderr %q", code, out, errs)
	}
	if _, err := os.Stat(fresh); err == nil {
		t.Error("--dry-run made the output folder")
	}
	for _, args := range [][]string{{"-O", filepath.Join(b.saved, "A")}, {"-O", "B"}} {
		if code, out, errs := b.run(append(args, "a")...); code != 0 || out != filepath.Base(args[1])+" has been saved.\n" || errs != "" {
			t.Errorf("%q: code %d, stdout %q, stderr %q", args, code, out, errs)
		}
	}
	b.holds(map[string]string{"a": "first", "b c": "second", "A": "first", "B": "first"})
	for _, args := range [][]string{{"-O", "x", "a", "b c"}, {"-O", "x", "-r", "a"}, {"-O", "x", "-i", list}, {"-i", list + "none"}, {"-O", "two", "*"}} {
		if code, _, errs := b.run(args...); code != exitUsage || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: code %d, stderr %q", args, code, errs)
		}
	}
	var out, errs strings.Builder
	b.asUsual = b.asUsual[:4]
	code := Run(append(b.asUsual, "-O", "-", "-q", "a"), strings.NewReader(""), &out, &errs)
	if code != 0 || out.String() != "first" || errs.String() != "" {
		t.Errorf("code %d, stdout %q, stderr %q", code, out.String(), errs.String())
	}
}
