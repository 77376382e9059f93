//go:build unix

package logsink

import (
	"os"
	"path/filepath"
	"testing"

	"mts/core/harness"
)

// A link of another user, who chooses where it leads, isn't followed. One's own
// is.
func TestLinkOfAStranger(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "log")
	harness.Must(t, os.Symlink("target", link))
	f, err := Open(link)
	harness.Must(t, err)
	f.Close()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a link away")
	}
	harness.Must(t, os.Remove(target))
	harness.Must(t, os.Lchown(link, 12345, 12345))
	if f, err := Open(link); err == nil {
		f.Close()
		t.Error("Open follows it")
	}
	if Check(link) == nil {
		t.Error("Check has no error")
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("the target was made")
	}
}
