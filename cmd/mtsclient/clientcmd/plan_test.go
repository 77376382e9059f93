package clientcmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRecursive(t *testing.T) {
	b := newBench(t)
	want := make(map[string]string)
	for i := range 30 {
		for _, name := range []string{fmt.Sprintf("tree/d%02d/f", i), fmt.Sprintf("tree/d%02d/deep/er/x%d", i, i), fmt.Sprintf("tree/f%d", i)} {
			b.put(name, strings.Repeat(name, i))
			want[name] = strings.Repeat(name, i)
		}
	}
	b.put("tree/ odd 'name' é", "odd")
	want["tree/ odd 'name' é"] = "odd"
	if err := os.Mkdir(filepath.Join(b.served, "tree", "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	code, out, errs := b.run("-r", "-j", "4", "tree/")
	if code != 0 || errs != "" || !strings.HasPrefix(out, "tree/ odd 'name' é has been saved.\ntree/d00/deep/er/x0 has been saved.\n") {
		t.Errorf("code %d, stdout %.100q, stderr %q", code, out, errs)
	}
	b.holds(want)
	if fi, err := os.Stat(filepath.Join(b.saved, "tree", "empty")); err != nil || !fi.IsDir() {
		t.Errorf("the empty folder: %v", err)
	}
	code, _, errs = b.run("-r", "tree/f1", "tree/d00", "/nowhere")
	if code != exitSome || errs != "" {
		t.Errorf("file and folder: code %d, stderr %q", code, errs)
	}
	want["f1"], want["d00/f"], want["d00/deep/er/x0"] = want["tree/f1"], "", ""
	b.holds(want)
}

func TestRecursiveRoot(t *testing.T) {
	b := newBench(t)
	b.put("x", "1")
	if code, _, errs := b.run("-r", "/"); code != 0 || errs != "" {
		t.Errorf("code %d, stderr %q", code, errs)
	}
	b.holds(map[string]string{"x": "1", "c:/x": "1"})
}

func TestPatterns(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"r/a.pdf", "r/b.pdf", "r/b.txt", "r/sub/c.pdf", "q/d.pdf", "[1].pdf"} {
		b.put(name, name)
	}
	tests := []struct {
		args []string
		code int
		out  string // names
	}{
		{[]string{"r/*.pdf"}, 0, "a.pdf b.pdf"},
		{[]string{`c:\r\?.txt`}, 0, "b.txt"},
		{[]string{"/*/[cd].pdf"}, 0, "d.pdf"},
		{[]string{"r/*/*"}, 0, "c.pdf"},
		{[]string{"*"}, 0, "[1].pdf"},
		{[]string{"[1].pdf"}, 0, "[1].pdf"},
		{[]string{"r/*", "r/a.pdf"}, exitSome, "a.pdf b.pdf b.txt"},
		{[]string{"-r", "r/s*"}, 0, "sub/c.pdf"},
		{[]string{"nowhere/*", "r/*.gif", "[", "r/a.pdf"}, exitSome, "a.pdf"},
	}
	for _, test := range tests {
		b.saved = t.TempDir()
		code, out, errs := run(append([]string{"--server", b.addr, "--pin", b.pin, "-o", b.saved}, test.args...)...)
		var names []string
		for line := range strings.Lines(out) {
			if name, ok := strings.CutSuffix(line, " has been saved.\n"); ok {
				names = append(names, name)
			}
		}
		if code != test.code || strings.Join(names, " ") != test.out {
			t.Errorf("%q: code %d, stdout %q, stderr %q; want %d, %s", test.args, code, out, errs, test.code, test.out)
		}
	}
	code, out, errs := b.run("r/*.gif")
	if code != exitSome || out != "File r/*.gif not found on server\n" || errs != "" {
		t.Errorf("no match: code %d, stdout %q, stderr %q", code, out, errs)
	}
}
