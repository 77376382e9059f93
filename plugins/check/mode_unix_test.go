//go:build unix

package check_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mts/plugins/check"
)

func TestWritableByOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "wc")
	file := filepath.Join(dir, "wc.go")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(good), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path string
		mode os.FileMode
		want string
	}{
		{file, 0o644, ""},
		{file, 0o666, "wc.go:1:1: others may write to it"},
		{file, 0o600, ""},
		{dir, 0o777, ".:1:1: others may write to it"},
		{dir, 0o700, ""},
	} {
		if err := os.Chmod(test.path, test.mode); err != nil {
			t.Fatal(err)
		}
		found := check.NewPlugin().Dir(os.DirFS(dir), "wc")
		if test.want == "" && len(found) > 0 || test.want != "" && (len(found) != 1 || !strings.Contains(found[0].String(), test.want)) {
			t.Errorf("%s %v: found %v, want %q", test.path, test.mode, found, test.want)
		}
	}
}
