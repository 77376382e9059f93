//go:build unix

package access

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mts/core/harness"
)

func TestPolicies(t *testing.T) {
	file := func(check func(fs.FileInfo) error) func(string) error {
		return func(dir string) error {
			info, err := os.Stat(dir)
			if err != nil {
				t.Fatal(err)
			}
			return check(info)
		}
	}
	in := func(check func(string) error) func(string) error {
		return func(dir string) error { return check(filepath.Join(dir, "file")) }
	}
	for name, policy := range map[string]struct {
		check         func(dir string) error
		allow, refuse []fs.FileMode
	}{
		"write":   {file(CheckWrite), []fs.FileMode{0o600, 0o644, 0o664}, []fs.FileMode{0o602, 0o666, 0o777 | fs.ModeSticky}},
		"replace": {in(CheckPath), []fs.FileMode{0o700, 0o775, 0o777 | fs.ModeSticky}, []fs.FileMode{0o702, 0o777}},
		"socket":  {in(CheckSocket), []fs.FileMode{0o700, 0o770, 0o777 | fs.ModeSticky}, []fs.FileMode{0o702, 0o777}},
		"secret":  {file(CheckSecret), []fs.FileMode{0o600, 0o400}, []fs.FileMode{0o660, 0o620, 0o604, 0o601}},
	} {
		dir := t.TempDir()
		for mode, refused := range modes(policy.allow, policy.refuse) {
			if err := os.Chmod(dir, mode); err != nil {
				t.Fatal(err)
			}
			if err := policy.check(dir); (err != nil) != refused {
				t.Errorf("%s, mode %v: error %v", name, mode, err)
			}
		}
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// modes returns which modes are refused.
func modes(allow, refuse []fs.FileMode) map[fs.FileMode]bool {
	all := make(map[fs.FileMode]bool)
	for _, m := range allow {
		all[m] = false
	}
	for _, m := range refuse {
		all[m] = true
	}
	return all
}

// stranger is a user that is neither root nor the one of the test.
const stranger = 12345

func giveAway(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	harness.Must(t, os.Lchown(path, stranger, stranger))
}

// What belongs to somebody else isn't trusted, however far above the file it is
// and whoever may write to it. So it is for a file that isn't there yet.
func TestStrangersFolder(t *testing.T) {
	for _, missing := range []bool{false, true} {
		dir := t.TempDir()
		path := filepath.Join(dir, "a", "b", "file")
		harness.Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if !missing {
			harness.Must(t, os.WriteFile(path, nil, 0o600))
		}
		if err := CheckPath(path); err != nil {
			t.Fatal(err)
		}
		for at := path; at != dir; at = filepath.Dir(at) {
			if at == path && missing {
				continue
			}
			giveAway(t, at)
			for _, mode := range []fs.FileMode{0o700, 0o755, 0o755 | fs.ModeSticky, 0o777 | fs.ModeSticky} {
				harness.Must(t, os.Chmod(at, mode))
				for name, check := range map[string]func(string) error{"path": CheckPath, "socket": CheckSocket} {
					if err := check(path); err == nil {
						t.Errorf("%s: %s, mode %v, belongs to somebody else: no error", name, at, mode)
					}
				}
			}
			harness.Must(t, os.Chown(at, 0, 0))
			harness.Must(t, os.Chmod(at, 0o755))
		}
		if err := CheckPath(path); err != nil {
			t.Error(err)
		}
	}
}

// A link is judged by its target and by what leads there, not by its owner.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"good", "open", "links"} {
		harness.Must(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		harness.Must(t, os.WriteFile(filepath.Join(dir, name, "file"), nil, 0o600))
	}
	harness.Must(t, os.Chmod(filepath.Join(dir, "open"), 0o777))
	for link, refused := range map[string]string{
		"../good/file":              "",
		filepath.Join(dir, "good"):  "",
		"../open/file":              "run chmod go-w on " + filepath.Join(dir, "open"),
		filepath.Join(dir, "open"):  "others may write to it",
		"chained":                   "run chmod go-w on " + filepath.Join(dir, "open"),
		"loop":                      "",
		"../good/../links/../good/": "",
		"missing":                   "",
	} {
		path := filepath.Join(dir, "links", "link")
		os.Remove(path)
		os.Remove(filepath.Join(dir, "links", "chained"))
		harness.Must(t, os.Symlink("../open/file", filepath.Join(dir, "links", "chained")))
		if link == "loop" {
			link = "link"
		}
		harness.Must(t, os.Symlink(link, path))
		err := CheckPath(path)
		if (err == nil) != (refused == "") || err != nil && !strings.Contains(err.Error(), refused) {
			t.Errorf("link to %s: error %v, want %q", link, err, refused)
		}
	}
	path := filepath.Join(dir, "links", "link")
	os.Remove(path)
	harness.Must(t, os.Symlink("../good/file", path))
	giveAway(t, path)
	if err := CheckPath(path); err != nil {
		t.Error("somebody else's link to a good file:", err)
	}
	if err := CheckLink(path); err == nil {
		t.Error("somebody else's link may be written through")
	}
	giveAway(t, filepath.Join(dir, "good", "file"))
	if err := CheckPath(path); err == nil {
		t.Error("a link to somebody else's file: no error")
	}
}

// The group may read a file of root only.
func TestSecretOfRoot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	harness.Must(t, os.WriteFile(path, nil, 0o600))
	for mode, refused := range modes([]fs.FileMode{0o640, 0o440, 0o600}, []fs.FileMode{0o660, 0o644, 0o650}) {
		harness.Must(t, os.Chmod(path, mode))
		info, err := os.Stat(path)
		harness.Must(t, err)
		if err := CheckSecret(info); (err != nil) != (refused || os.Geteuid() != 0 && mode != 0o600) {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}

// In a folder of root, that folder's group is somebody else to another user.
func TestSocketInAFolderOfRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	dir := t.TempDir()
	harness.Must(t, os.Chmod(filepath.Dir(dir), 0o755))
	harness.Must(t, os.Chmod(dir, 0o775))
	harness.Must(t, syscall.Seteuid(stranger))
	err := CheckSocket(filepath.Join(dir, "socket"))
	harness.Must(t, syscall.Seteuid(0))
	if err == nil {
		t.Error("no error")
	}
}

// What isn't there yet is judged by what leads there.
func TestMissing(t *testing.T) {
	for name, check := range map[string]func(string) error{"path": CheckPath, "socket": CheckSocket} {
		if err := check(filepath.Join(t.TempDir(), "none", "file")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every refusal of what others may change says how to change that.
func TestAdvice(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	harness.Must(t, os.WriteFile(path, nil, 0o600))
	harness.Must(t, os.Chmod(path, 0o602))
	onFile := CheckPath(path)
	harness.Must(t, os.Chmod(dir, 0o702))
	for _, err := range []error{onFile, CheckPath(path)} {
		if err == nil || !strings.Contains(err.Error(), "others may write") || !strings.Contains(err.Error(), "run chmod") {
			t.Errorf("%v", err)
		}
	}
}
