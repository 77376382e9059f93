//go:build unix

package certs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
)

func TestLoadRefusesOpenKey(t *testing.T) {
	certFile, keyFile := writePair(t, nil, nil)
	cert, key := mustMake(t, now)
	if err := errors.Join(os.WriteFile(certFile, cert, 0o644), os.WriteFile(keyFile, key, 0o600)); err != nil {
		t.Fatal(err)
	}
	for mode, open := range map[fs.FileMode]bool{
		0o600: false, 0o400: false, 0o640: os.Geteuid() != 0, 0o440: os.Geteuid() != 0, 0o660: true, 0o620: true, 0o604: true, 0o644: true, 0o601: true,
	} {
		if err := os.Chmod(keyFile, mode); err != nil {
			t.Fatal(err)
		}
		_, err := load(now, certFile, keyFile)
		if errors.Is(err, errKeyMode) != open || !open && err != nil {
			t.Errorf("mode %04o: error %v", mode, err)
		}
		if open {
			checkError(t, err, certFile, keyFile, true)
			if !strings.Contains(err.Error(), fmt.Sprintf("mode %04o", mode)) {
				t.Errorf("error %q doesn't name the mode", err)
			}
		}
	}
}

func TestLoadOrMakeModes(t *testing.T) {
	dir := t.TempDir() + "/state/tls"
	if _, err := LoadOrMake(dir, nil); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700 | fs.ModeDir, dir + "/server.key": 0o600} {
		if fi, err := os.Stat(path); err != nil || fi.Mode() != want {
			t.Errorf("%s: %v, %v; want mode %v", path, fi.Mode(), err, want)
		}
	}
	if err := os.Chmod(dir+"/server.key", 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrMake(dir, nil); !errors.Is(err, errKeyMode) {
		t.Errorf("open key: error %v, want errKeyMode", err)
	}
}
