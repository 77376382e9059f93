package exports

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"", "/"}, {"/", "/"}, {`\`, "/"},
		{"a", "/a"}, {"/a/b", "/a/b"}, {`a\b`, "/a/b"}, {`\a/b`, "/a/b"},
		{"c:", "c:"}, {"C:", "c:"}, {"/c:", "c:"}, {`c:\`, "c:"}, {"c:/", "c:"},
		{`C:\A\b`, "c:/A/b"}, {"Data:/x", "data:/x"},
		{".dot", "/.dot"}, {"...", "/..."}, {"a..b", "/a..b"}, {" ", "/ "},
		{strings.Repeat("a", maxName-1), "/" + strings.Repeat("a", maxName-1)},
	} {
		if got, err := Clean(test.name); got != test.want || err != nil {
			t.Errorf("Clean(%q) = %q, %v; want %q", test.name, got, err, test.want)
		}
	}
	for _, long := range []string{strings.Repeat("a", maxName), strings.Repeat("a", maxName) + ":"} {
		if _, err := Clean(long); err != ErrName {
			t.Errorf("Clean of %d bytes: %v", len(long), err)
		}
	}
	if !errors.Is(ErrName, fs.ErrNotExist) {
		t.Error("ErrName isn't fs.ErrNotExist")
	}
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "/", `c:\x`, "a/../b", "İ:/x", "conİn$:", "Ⱥ:", "nul .txt", "a//b", "\x80", "//", "c:/c:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		clean, err := Clean(name)
		if err != nil {
			if err != ErrName || clean != "" {
				t.Fatalf("Clean(%q) = %q, %v", name, clean, err)
			}
			return
		}
		if again, err := Clean(clean); again != clean || err != nil {
			t.Fatalf("Clean(%q) = %q, but Clean of that = %q, %v", name, clean, again, err)
		}
		root, rel, _ := strings.Cut(clean, "/")
		if root != "" && !strings.HasSuffix(root, ":") || strings.ContainsAny(rel, ":\\\x00") || len(clean) > maxName {
			t.Fatalf("Clean(%q) = %q", name, clean)
		}
		if rel != "" && (rel == "." || !fs.ValidPath(rel)) {
			t.Fatalf("Clean(%q) = %q, which escapes", name, clean)
		}
	})
}
