package auth

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRefresh(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	token, tokenHash := NewToken()
	_, otherHash := NewToken()
	write("ann:" + tokenHash + "\nbob:" + tokenHash + "\n")
	u, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var failures []error
	var changed []string
	u.OnError = func(err error) { failures = append(failures, err) }
	u.OnChange = func(names []string) { changed = append(changed, names...) }
	// login has Authenticate look at the file; ann is in every good version.
	login := func() {
		t.Helper()
		if err := u.Authenticate("ann", token); err != nil {
			t.Errorf("ann: %v", err)
		}
	}
	login()
	if len(failures)+len(changed) != 0 {
		t.Fatalf("reports without a change: %v, %v", failures, changed)
	}

	write("ann:" + tokenHash + "\nbob:" + tokenHash + "\nbad line\n")
	login()
	login()
	var lineErr *LineError
	if len(failures) != 1 || !errors.As(failures[0], &lineErr) || lineErr.Line != 3 || lineErr.File != path {
		t.Fatalf("reports of a bad line: %v, want one of line 3", failures)
	}
	if err := u.Reload(); !errors.As(err, &lineErr) {
		t.Errorf("Reload of a bad file: %v", err)
	}

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	login()
	login()
	if len(failures) != 2 || !errors.Is(failures[1], fs.ErrNotExist) {
		t.Fatalf("reports: %v, want one more, of the missing file", failures)
	}
	if len(changed) != 0 || !slices.Equal(u.Names(), []string{"ann", "bob"}) {
		t.Errorf("bad versions changed %q; accounts %q", changed, u.Names())
	}

	write("# bob has a new token, carl is new\ncarl:" + otherHash + "\nbob:" + otherHash + "\nann:" + tokenHash)
	login()
	write("ann:" + tokenHash)
	u.Refresh()
	if want := []string{"bob", "bob", "carl"}; !slices.Equal(changed, want) || len(failures) != 2 {
		t.Errorf("changed %q, want %q; reports %v", changed, want, failures)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	if u, err := Open(filepath.Join(dir, "none")); u != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v, %v", u, err)
	}
	if u, err := Open(dir); u != nil || err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("folder: %v, %v", u, err)
	}
}

// The account in memory ends with the first users file, a bad one too, and stays
// away when that goes.
func TestUntilFile(t *testing.T) {
	for _, content := range []string{"ann:" + zeroToken + "\n", "", "bad line\n"} {
		path := filepath.Join(t.TempDir(), "users")
		token, hash := NewToken()
		u := UntilFile(path, Account{"default", hash})
		var changed []string
		u.OnChange = func(names []string) { changed = append(changed, names...) }
		login := func() error { return u.Authenticate("default", token) }
		if err := errors.Join(login(), u.Reload(), login()); err != nil || u.FromFile() || len(changed) > 0 {
			t.Fatalf("without a file: %v, from a file: %v, changed %v", err, u.FromFile(), changed)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if login() == nil || !u.FromFile() || !slices.Equal(changed, []string{"default"}) {
				t.Errorf("file %q: from a file: %v, changed %v", content, u.FromFile(), changed)
			}
			os.Remove(path)
		}
		if err := u.Reload(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Reload without the file: %v", err)
		}
	}
}
