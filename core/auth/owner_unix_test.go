//go:build unix

package auth

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"mts/core/harness"
)

// stranger is a user that is neither root nor the one of the test.
const stranger = 12345

func giveAway(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	harness.Must(t, os.Lchown(path, stranger, stranger))
}

// The server takes no accounts from a file, or a folder, of another user.
func TestOpenRefusesFileOfAStranger(t *testing.T) {
	for _, name := range []string{"state/users", "state", "."} {
		dir := t.TempDir()
		path := filepath.Join(dir, "state", "users")
		harness.Must(t, os.Mkdir(filepath.Dir(path), 0o1700))
		harness.Must(t, os.WriteFile(path, nil, 0o600))
		giveAway(t, filepath.Join(dir, name))
		if _, err := Open(path); err == nil {
			t.Errorf("%s belongs to a stranger: no error", name)
		}
	}
}

// Root edits the file of a service, which keeps it.
func TestEditKeepsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	harness.Must(t, os.WriteFile(path, nil, 0o600))
	giveAway(t, path)
	harness.Must(t, Edit(path, func(f *File) error { return f.Set("ann", zeroToken) }))
	info, err := os.Stat(path)
	harness.Must(t, err)
	if info.Sys().(*syscall.Stat_t).Uid != stranger {
		t.Error("the file has another owner")
	}
}

// An edit replaces what a link leads to, even if that isn't there yet, and
// leaves the link.
func TestEditThroughLinks(t *testing.T) {
	for _, exists := range []bool{true, false} {
		dir := t.TempDir()
		target, link := filepath.Join(dir, "data", "users"), filepath.Join(dir, "users")
		harness.Must(t, os.Mkdir(filepath.Dir(target), 0o700))
		if exists {
			harness.Must(t, os.WriteFile(target, []byte("# first\n"), 0o600))
		}
		harness.Must(t, os.Symlink("data/users", link))
		harness.Must(t, Edit(link, func(f *File) error { return f.Set("ann", zeroToken) }))
		if to, err := os.Readlink(link); err != nil || to != "data/users" {
			t.Errorf("the link leads to %q, %v", to, err)
		}
		f, err := Load(target)
		if err != nil || len(f.Names()) != 1 {
			t.Errorf("%v, %v", f, err)
		}
	}
}

// Nobody has root replace a file by a link to it.
func TestEditThroughLinkOfAStranger(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "precious"), filepath.Join(dir, "users")
	harness.Must(t, os.WriteFile(target, []byte("# precious\n"), 0o600))
	harness.Must(t, os.Symlink("precious", link))
	giveAway(t, link)
	if err := Edit(link, func(f *File) error { return f.Set("ann", zeroToken) }); err == nil {
		t.Error("no error")
	}
	if got, err := os.ReadFile(target); string(got) != "# precious\n" {
		t.Errorf("%q, %v", got, err)
	}
}
