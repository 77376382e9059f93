package client_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"mts/core/client"
)

func TestUnknownServer(t *testing.T) {
	url, pin := serve(t, t.TempDir())
	file := filepath.Join(t.TempDir(), "new", "known")
	_, err := client.Dial(t.Context(), url, client.Options{KnownHosts: file})
	unknown, ok := errors.AsType[*client.UnknownServer](err)
	if !ok || !errors.Is(err, client.ErrTLS) || "mts://"+unknown.HostPort != url || unknown.Pin != pin {
		t.Fatalf("%v, want an unknown server with the key %s", err, pin)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file of known hosts is there already: %v", err)
	}
	if err := client.AddKnown(file, unknown); err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(t.Context(), url, client.Options{KnownHosts: file})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	for name, want := range map[string]fs.FileMode{file: 0o600, filepath.Dir(file): 0o700} {
		if fi, err := os.Stat(name); err != nil || fi.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", name, fi.Mode(), err, want)
		}
	}
}

func TestAddKnown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "known")
	for before, want := range map[string]string{
		"":                "h:1 p\n",
		"# mine\n":        "# mine\nh:1 p\n",
		"other:1 without": "other:1 without\nh:1 p\n",
	} {
		if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := client.AddKnown(file, &client.UnknownServer{HostPort: "h:1", Pin: "p"}); err != nil {
			t.Error(err)
		}
		if got, _ := os.ReadFile(file); string(got) != want {
			t.Errorf("%q became %q, want %q", before, got, want)
		}
	}
}
