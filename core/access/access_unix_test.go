//go:build unix

package access

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		"replace": {in(CheckReplace), []fs.FileMode{0o700, 0o775, 0o777 | fs.ModeSticky}, []fs.FileMode{0o702, 0o777}},
		"socket":  {in(CheckSocket), []fs.FileMode{0o700, 0o770, 0o777 | fs.ModeSticky}, []fs.FileMode{0o702, 0o777}},
		"secret":  {file(CheckSecret), []fs.FileMode{0o600, 0o400}, []fs.FileMode{0o640, 0o620, 0o604, 0o601}},
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

// In a folder of somebody else, that folder's group is somebody else too.
func TestSocketInAForeignFolder(t *testing.T) {
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder away")
	}
	if err := os.Chown(dir, 1, 1); err != nil {
		t.Fatal(err)
	}
	for mode, refused := range modes([]fs.FileMode{0o755}, []fs.FileMode{0o775, 0o757}) {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := CheckSocket(filepath.Join(dir, "socket")); (err != nil) != refused {
			t.Errorf("mode %v: error %v", mode, err)
		}
	}
}

func TestMissingFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "file")
	if err := CheckReplace(path); err != nil {
		t.Errorf("replace: %v, want none", err)
	}
	if err := CheckSocket(path); err == nil {
		t.Error("socket: no error")
	}
}

// Every refusal of what others may change says how to change that.
func TestAdvice(t *testing.T) {
	for _, err := range []error{errWrite, errReplace} {
		if !strings.Contains(err.Error(), "others may write") || !strings.Contains(err.Error(), "run chmod") {
			t.Errorf("%q", err)
		}
	}
}
