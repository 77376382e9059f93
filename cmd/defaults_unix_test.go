//go:build unix

package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// manyFiles makes the folder files below dir, with n files of 1 KiB.
func manyFiles(t testing.TB, dir string, n int) {
	t.Helper()
	files := filepath.Join(dir, "files")
	if err := os.Mkdir(files, 0o700); err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 1<<10)
	for i := range n {
		if err := os.WriteFile(filepath.Join(files, fmt.Sprintf("%05d", i)), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// fetchTree fetches all that a server has, over one connection.
func fetchTree(t testing.TB, url, token, out string) {
	t.Helper()
	cmd := exec.Command("mtsclient", "--server", url, "-q", "-r", "-o", out, "/")
	cmd.Env = append(os.Environ(), "MTS_PASSWORD="+token)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mtsclient: %v\n%s", err, said)
	}
}

// The default configuration holds no command of an honest client up, however
// many files it fetches.
func TestDefaultsSlowNobody(t *testing.T) {
	dir := t.TempDir()
	manyFiles(t, dir, 1000)
	conf := filepath.Join(dir, "mtsd.toml")
	write(t, conf, "[metrics]\nlisten = \"127.0.0.1:0\"\n")
	ready := filepath.Join(dir, "ready")
	url, token, end := serveFolder(t, dir, "--config", conf, "--ready-file", ready)
	defer end()
	fetchTree(t, url, token, filepath.Join(dir, "got"))
	lines, err := os.ReadFile(ready)
	if err != nil {
		t.Fatal(err)
	}
	_, addr, _ := strings.Cut(string(lines), "metrics ")
	_, text := get(t, "http://"+strings.TrimSpace(addr)+"/metrics")
	for _, want := range []string{`mts_limit_waits_total{kind="commands"} 0`, `mts_limit_waits_total{kind="bytes"} 0`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the metrics don't have %s:\n%s", want, text)
		}
	}
}

// BenchmarkTree fetches 10,000 files of 1 KiB with the default configuration.
func BenchmarkTree(b *testing.B) {
	dir := b.TempDir()
	manyFiles(b, dir, 10_000)
	url, token, end := serveFolder(b, dir)
	defer end()
	for b.Loop() {
		fetchTree(b, url, token, b.TempDir())
	}
}
