//go:build unix

package atomicfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"mts/core/harness"
)

// A file keeps its owner. What replaces a link doesn't go to the owner of the link
// or of what it leads to, and that stays as it was.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	harness.Must(t, os.WriteFile(file, []byte("old"), 0o600))
	harness.Must(t, os.Symlink("file", link))
	harness.Must(t, os.Chown(file, 12345, 12345))
	harness.Must(t, os.Lchown(link, 12345, 12345))
	harness.Must(t, Write(link, 0o600, []byte("new")))
	if text, err := os.ReadFile(file); string(text) != "old" {
		t.Errorf("the target has %q, %v", text, err)
	}
	harness.Must(t, Write(file, 0o600, []byte("new")))
	for path, want := range map[string]uint32{file: 12345, link: 0} {
		info, err := os.Lstat(path)
		harness.Must(t, err)
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid != want || !info.Mode().IsRegular() {
			t.Errorf("%s is %v of user %d; want a file of %d", path, info.Mode(), uid, want)
		}
	}
}
