//go:build unix

package auth

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestOpenRefusesFileOthersMayWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, ok := range map[fs.FileMode]bool{0o600: true, 0o640: true, 0o644: true, 0o620: true, 0o602: false, 0o666: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); (err == nil) != ok {
			t.Errorf("mode %04o: error %v", mode, err)
		}
	}
}

// Taking the right away is a change Refresh sees.
func TestRefreshAfterChmod(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	_, tokenHash := NewToken()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	u, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("ann:"+tokenHash), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, want := range []bool{false, true} {
		if err := os.Chmod(path, []fs.FileMode{0o666, 0o600}[mode]); err != nil {
			t.Fatal(err)
		}
		if u.Refresh(); u.Has("ann") != want {
			t.Errorf("step %d: ann known: %v", mode, !want)
		}
	}
}
