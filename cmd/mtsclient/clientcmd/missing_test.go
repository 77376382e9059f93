package clientcmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// entries is a reply to LIST.
func entries(facts string, lines ...string) string {
	data := strings.Join(lines, "\n") + "\n"
	return fmt.Sprintf("$%d\r\n%s#%sListed.\r\n", len(data), data, facts)
}

// fileReply is a reply to FILE.
const fileReply = "$5\r\nhello#[bytes=5 size=5 modify=20260102030405 etag=e] File sent.\r\n"

// What the server has and the client doesn't get is said, whatever asks for it.
func TestWithheld(t *testing.T) {
	for _, args := range [][]string{{"-r", "dir"}, {"dir/*"}, {"-l", "dir"}, {"-l", "-r", "dir"}, {"-r", "-u", "--dry-run", "dir"}, {"--json", "-r", "dir"}} {
		s := lie(t, ready, map[string]string{
			"LIST": entries("[withheld=3 unreadable=1] ", "type=file;size=5;modify=20260102030405; x"),
			"FILE": fileReply,
			"STAT": "![code=not-found] No.\r\n",
		})
		code, out, errs := s.run(t.TempDir(), args...)
		said := errs
		if args[0] == "--json" {
			said = out
		}
		if code != exitSome || !strings.Contains(said, "3 names can't be addressed") || !strings.Contains(said, "1 name can't be read") {
			t.Errorf("%q: code %d, stdout %q, stderr %q", args, code, out, errs)
		}
		if !strings.Contains(out, "x") {
			t.Errorf("%q: what is listed is missing: %q", args, out)
		}
	}
}

// Links that lead back don't multiply a tree.
func TestLinkLoops(t *testing.T) {
	dir := func(name, unique string) string { return "type=dir;unique=" + unique + "; " + name }
	answers := map[string]string{
		"STAT tree": stat("type=dir;unique=top; tree"),
		"LIST tree": entries("", dir("self", "top"), dir("sub", "s"), dir("up", "other"), "type=file;size=5; x"),
		"FILE":      fileReply,
		"LIST tree/sub": entries("", dir("again", "s"), dir("out", "other"), dir("top", "top"),
			"type=file;size=5; y"),
		"LIST tree/up":      entries("", "type=file;size=5; z"),
		"LIST tree/sub/out": entries("", "type=file;size=5; z"),
	}
	s := lie(t, ready, answers)
	saved := t.TempDir()
	code, out, errs := s.run(saved, "-r", "tree")
	if code != exitSome || strings.Count(out, "saved") != 4 || strings.Count(errs, errLoop.Error()) != 3 {
		t.Errorf("code %d, stdout %q, stderr %q", code, out, errs)
	}
	for _, name := range []string{"tree/x", "tree/sub/y", "tree/up/z", "tree/sub/out/z"} {
		if _, err := os.Stat(filepath.Join(saved, name)); err != nil {
			t.Error(err)
		}
	}
	code, out, _ = s.run(saved, "-r", "--json", "--force", "tree")
	if code != exitSome || strings.Count(out, `"status":"skipped"`) != 3 {
		t.Errorf("code %d, stdout %q", code, out)
	}
	code, out, errs = s.run(saved, "-l", "-r", "tree")
	if code != exitSome || strings.Count(errs, "\n") != 3 || strings.Count(out, "\n") != 7 {
		t.Errorf("a listing: code %d, stdout %q, stderr %q", code, out, errs)
	}
	if code, out, errs = s.run(saved, "-l", "tree"); code != 0 || !strings.Contains(out, "self") || errs != "" {
		t.Errorf("a listing of one folder: code %d, stdout %q, stderr %q", code, out, errs)
	}
}

// stat is a reply to STAT.
func stat(facts string) string { return fmt.Sprintf("$%d\r\n%s\n#OK.\r\n", len(facts)+1, facts) }

// A size of 0 isn't believed.
func TestUnknownSize(t *testing.T) {
	const reply = "$5\r\nhello#[bytes=5 size=0] File sent.\r\n"
	for name, answers := range map[string]map[string]string{
		"part":             {"PART": reply},
		"no size":          {"PART": strings.ReplaceAll(reply, " size=0", "")},
		"without parts":    {"FILE": reply},
		"part by the size": {"PART": "#[bytes=0 size=0] File sent.\r\n", "FILE": reply},
	} {
		s := lie(t, ready, answers)
		saved := t.TempDir()
		code, _, errs := s.run(saved, "x")
		content, _ := os.ReadFile(filepath.Join(saved, "x"))
		if want := map[bool]string{true: "", false: "hello"}[name == "part by the size"]; code != 0 || errs != "" || string(content) != want {
			t.Errorf("%s: code %d, stderr %q, saved %q", name, code, errs, content)
		}
	}
}

// Two sources of one target are refused, whatever is there already.
func TestSecondSource(t *testing.T) {
	for _, test := range [][]string{
		{"--force", "-r", "/", "pub/readme.txt"},
		{"--force", "pub/readme.txt", "readme.txt"},
		{"-u", "-r", "pub", "/pub"},
		{"--force", "-r", "/pub", "pub/"},
		{"--force", `c:\readme.txt`, "readme.txt"},
		{"--force", "readme.txt", "pub/*"},
	} {
		b := newBench(t)
		b.put("readme.txt", "first")
		b.put("pub/readme.txt", "second")
		code, out, errs := b.run(test...)
		if code != exitSome || !strings.Contains(errs, errTwice.Error()) || strings.Count(out, "\nreadme.txt has") > 1 {
			t.Errorf("%q: code %d, stdout %q, stderr %q", test, code, out, errs)
		}
	}
}

// A file system that ignores case takes two names for one. Hard links stand for such
// names here.
func TestTwoNamesOfOneFile(t *testing.T) {
	dir := t.TempDir()
	d, err := openFolder(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	d.replace = true
	save := func(name, content string) error {
		p, err := d.create(name, name, false)
		if err != nil {
			return err
		}
		defer p.close()
		p.Write([]byte(content))
		return p.commit(p.note.Modified)
	}
	if err := save("Name", "first"); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "Name"), filepath.Join(dir, "name")); err != nil {
		t.Fatal(err)
	}
	if err := save("name", "second"); err == nil || !strings.Contains(err.Error(), errTwice.Error()) {
		t.Errorf("saved twice: %v", err)
	}
	if content, _ := os.ReadFile(filepath.Join(dir, "Name")); string(content) != "first" {
		t.Errorf("Name holds %q", content)
	}
}

// Output that can't be written is an error in every mode.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full: ", err)
	}
	defer full.Close()
	for _, args := range [][]string{
		{"x"}, {"--json", "x"}, {"-l"}, {"-l", "--json"}, {"-l", "-r", "/"}, {"-x", "LIST"}, {"-x", "FILE x"}, {"-o", "-", "x"},
		{"-O", "-", "x"}, {"none"}, {"-u", "--dry-run", "x"}, {"--help"}, {"completion", "bash"}, {"help", "commands"},
	} {
		b := newBench(t)
		b.put("x", random(1000))
		if args[0][0] == '-' && args[0] != "--help" || len(args) == 1 && args[0] != "--help" {
			args = append(b.asUsual[:4:4], args...)
			if args[4] != "-o" && args[4] != "-O" {
				args = append(args, "-o", b.saved)
			}
		}
		var errs strings.Builder
		code := Run(args, strings.NewReader(""), full, &errs)
		if code != exitSome || strings.Count(errs.String(), "no space left on device") != 1 {
			t.Errorf("%q: code %d, stderr %q", args, code, errs.String())
		}
	}
}
