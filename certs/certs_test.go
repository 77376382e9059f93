package certs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestLoadSaysWhichFileIsAtFault(t *testing.T) {
	cert, key := mustMake(t, now)
	_, otherKey := mustMake(t, now)
	expired, expiredKey := mustMake(t, now.Add(-lifetime))
	broken := bytes.Replace(cert, []byte("MII"), []byte("M!I"), 1)
	twoCerts := append(bytes.Clone(cert), expired...)

	tests := []struct {
		name      string
		cert, key []byte // nil: no such file
		inKey     bool   // the file at fault
		want      string // "": no error
		is        error
	}{
		{name: "pair", cert: cert, key: key},
		{name: "chain", cert: twoCerts, key: key},
		{name: "both in one file", cert: append(bytes.Clone(key), cert...), key: key},
		{name: "no certificate file", key: key, is: fs.ErrNotExist, want: "no such file"},
		{name: "no key file", cert: cert, inKey: true, is: fs.ErrNotExist, want: "no such file"},
		{name: "empty certificate", cert: []byte{}, key: key, want: "no certificate in it"},
		{name: "key as certificate", cert: key, key: key, want: "no certificate in it"},
		{name: "broken certificate", cert: broken, key: key, want: "broken PEM"},
		{name: "half certificate", cert: cert[:len(cert)/2], key: key, want: "broken PEM"},
		{name: "half chain", cert: twoCerts[:len(twoCerts)-40], key: key, want: "broken PEM"},
		{name: "noise in PEM", cert: []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), key: key, want: "x509"},
		{name: "expired", cert: expired, key: expiredKey, is: errExpired, want: "2026-03-01T11:00:00Z"},
		{name: "certificate as key", cert: cert, key: cert, inKey: true, want: "no private key in it"},
		{name: "half key", cert: cert, key: key[:len(key)/2], inKey: true, want: "broken PEM"},
		{name: "key of another", cert: cert, key: otherKey, inKey: true, want: "does not match"},
		{name: "encrypted key", cert: cert, key: []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), inKey: true, want: "encrypted"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			certFile, keyFile := writePair(t, test.cert, test.key)
			pair, err := load(now, certFile, keyFile)
			if test.want == "" {
				if err != nil || pair.Leaf == nil {
					t.Fatalf("leaf %v, error %v", pair.Leaf, err)
				}
				return
			}
			checkError(t, err, certFile, keyFile, test.inKey)
			if runtime.GOOS == "windows" && test.is == fs.ErrNotExist {
				test.want = ""
			}
			if !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("error %q, want %q in it, and to match %v", err, test.want, test.is)
			}
		})
	}
}

func checkError(t *testing.T, err error, certFile, keyFile string, inKey bool) {
	t.Helper()
	file := certFile
	if inKey {
		file = keyFile
	}
	var e *Error
	if !errors.As(err, &e) || e.Key != inKey || e.File != file || !strings.HasPrefix(err.Error(), file+": ") {
		t.Fatalf("error %#v, want an *Error of %s", err, file)
	}
}

func TestLoadRefusesFolder(t *testing.T) {
	_, keyFile := writePair(t, nil, []byte{})
	dir := filepath.Dir(keyFile)
	_, err := Load(dir, dir)
	checkError(t, err, dir, dir, true)
}

func mustMake(t *testing.T, now time.Time, hosts ...string) (certPEM, keyPEM []byte) {
	t.Helper()
	certPEM, keyPEM, err := Make(now, hosts)
	if err != nil {
		t.Fatal(err)
	}
	return certPEM, keyPEM
}

// writePair writes the two files, save those that are nil.
func writePair(t *testing.T, cert, key []byte) (certFile, keyFile string) {
	t.Helper()
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "a.crt"), filepath.Join(dir, "a.key")
	for file, data := range map[string][]byte{certFile: cert, keyFile: key} {
		if data == nil {
			continue
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}
