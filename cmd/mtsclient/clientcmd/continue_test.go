package clientcmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What the server hasn't any more may come back.
func TestContinueMissing(t *testing.T) {
	b := newBench(t)
	content := random(5 << 20)
	b.put("big", content)
	had := begun(t, b, "big")
	if err := os.Rename(filepath.Join(b.served, "big"), filepath.Join(b.served, "away")); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := b.run("-c", "big"); code != exitSome || out != "File big not found on server\n" {
		t.Errorf("code %d, stdout %q, stderr %q", code, out, errs)
	}
	if fi, err := os.Stat(filepath.Join(b.saved, ".big.part")); err != nil || fi.Size() != had {
		t.Errorf("of %d bytes there are left %v, %v", had, fi, err)
	}
}

// A file that is there already is compared by its content where that counts.
func TestContinueWhole(t *testing.T) {
	when := time.Unix(1e9, 0)
	tests := []struct {
		name    string
		content string
		at      time.Time
		args    []string
		code    int
	}{
		{"same", "content", when, nil, 0},
		{"other time", "content", when.Add(time.Hour), nil, exitSome},
		{"other time, same content", "content", when.Add(time.Hour), []string{"--verify"}, 0},
		{"other content, same time", "CONTENT", when, []string{"--verify"}, exitSome},
		{"other content, same time, reported", "CONTENT", when, []string{"--json"}, exitSome},
		{"same, reported", "content", when, []string{"--json"}, 0},
	}
	for _, test := range tests {
		b := newBench(t)
		b.put("x", "content")
		mine := filepath.Join(b.saved, "x")
		if err := os.WriteFile(mine, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		for file, at := range map[string]time.Time{mine: test.at, filepath.Join(b.served, "x"): when} {
			if err := os.Chtimes(file, at, at); err != nil {
				t.Fatal(err)
			}
		}
		code, out, errs := b.run(append(test.args, "-c", "x")...)
		if code != test.code {
			t.Errorf("%s: code %d, stdout %q, stderr %q; want code %d", test.name, code, out, errs, test.code)
		}
		if strings.Contains(out, `"saved"`) && !strings.Contains(out, sha([]byte("content"))) {
			t.Errorf("%s: no SHA-256 in %s", test.name, out)
		}
	}
}
