package clientcmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A name is tried literally before it is taken for a pattern, and without LIST too.
func TestLiteralNames(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"br[1].txt", "br1.txt", "sub/what?", "sub/whatX", "star*/x"} {
		b.put(name, name)
	}
	for _, test := range []struct{ args, want string }{
		{"br[1].txt", "br[1].txt"},
		{"br[12].txt", "br1.txt"},
		{"sub/what?", "what?"},
		{"-r star*", "star*/x"},
	} {
		b.saved = t.TempDir()
		b.asUsual[5] = b.saved
		if code, _, errs := b.run(strings.Fields(test.args)...); code != 0 || errs != "" || b.names() != test.want {
			t.Errorf("%s: code %d, stderr %q, files %q", test.args, code, errs, b.names())
		}
	}
	const no = "![code=unknown-command] Invalid command.\r\n"
	for _, args := range [][]string{{"br[1].txt"}, {"-r", "br[1].txt"}, {"-r", "x"}} {
		s := lie(t, ready, map[string]string{"LIST": no, "STAT": no, "FILE " + args[len(args)-1]: fileReply})
		if code, out, errs := s.run(t.TempDir(), args...); code != 0 || !strings.Contains(out, "saved") {
			t.Errorf("without LIST %q: code %d, stdout %q, stderr %q", args, code, out, errs)
		}
	}
}

// Paths as long as a line takes are fetched; what is longer is one file's failure.
func TestLongPaths(t *testing.T) {
	long := strings.Repeat("d/", (4090-1)/2) + "xx"
	s := lie(t, ready, map[string]string{"FILE": fileReply})
	saved := t.TempDir()
	if code, out, errs := s.run(saved, long, "y"); code != 0 || out != "xx has been saved.\ny has been saved.\n" {
		t.Errorf("%d bytes: code %d, stdout %q, stderr %.200q", len(long), code, out, errs)
	}
	for _, path := range []string{strings.Repeat("d/", 2047) + "x", "a\x1b/x"} {
		code, out, errs := s.run(saved, "--force", path, "y")
		if code != exitSome || out != "y has been saved.\n" || !strings.Contains(errs, "no command can name it") {
			t.Errorf("%d bytes: code %d, stdout %q, stderr %.200q", len(path), code, out, errs)
		}
	}
}

func TestDeepTree(t *testing.T) {
	b := newBench(t)
	deep := "tree/" + strings.Repeat("d/", 300) + "x"
	b.put(deep, "content")
	if code, _, errs := b.run("-r", "tree"); code != 0 || errs != "" {
		t.Errorf("code %d, stderr %.300q", code, errs)
	}
	if _, err := os.Stat(filepath.Join(b.saved, deep)); err != nil {
		t.Error(err)
	}
}

func TestByteOrderMarks(t *testing.T) {
	b := newBench(t)
	b.put("x", "content")
	t.Setenv("MTS_PASSWORD_FILE", write(t, "password", "\ufeffsecret\n"))
	known := write(t, "known", "\ufeff"+b.addr+" "+b.pin+"\n")
	if code, _, errs := run("--server", b.addr, "--known-hosts", known, "-o", b.saved, "x"); code != 0 {
		t.Errorf("code %d, stderr %q", code, errs)
	}
}

func TestListTrees(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"pub/a.txt", "pub/b.pdf", "pub/sub/c.txt"} {
		b.put(name, strings.Repeat(name, 200))
	}
	for _, test := range []struct {
		args, want string // names of the rows
		code       int
	}{
		{"-l pub", "a.txt b.pdf sub", 0},
		{"-l -r pub", "a.txt b.pdf sub sub/c.txt", 0},
		{"-l -r --max-depth 1 pub", "a.txt b.pdf sub", 0},
		{"-l -r --exclude *.txt pub", "b.pdf sub", 0},
		{"-l pub/*.txt", "pub/a.txt", 0},
		{"-l pub/*", "pub/a.txt pub/b.pdf pub/sub", 0},
		{"-l -r pub/s*", "pub/sub pub/sub/c.txt", 0},
		{"-l pub/*.gif", "", exitSome},
		{"-l pub/a.txt", "a.txt", 0},
	} {
		code, out, errs := b.run(strings.Fields(test.args)...)
		var names []string
		for line := range strings.Lines(out) {
			f := strings.Fields(line)
			names = append(names, f[len(f)-1])
		}
		if code != test.code || strings.Join(names, " ") != test.want || (code == 0) != (errs == "") {
			t.Errorf("%s: code %d, names %q, stderr %q; want %q", test.args, code, names, errs, test.want)
		}
	}
	if _, out, _ := b.run("-l", "--human", "pub"); !strings.Contains(out, " 1.8 KB ") {
		t.Errorf("--human: %s", out)
	}
	if _, out, _ := b.run("-l", "-r", "--json", "pub"); !strings.Contains(out, `{"name":"sub/c.txt","type":"file","size":2600,`) || !strings.Contains(out, `"path":"pub/sub/c.txt"}`) {
		t.Errorf("--json: %s", out)
	}
}
