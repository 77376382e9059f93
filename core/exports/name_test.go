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
		{"x:y", "/x:y"}, {"a/10:30.txt", "/a/10:30.txt"}, {"aux.c", "/aux.c"}, {"caf\xe9", "/caf\xe9"}, {"c:/c:", "c:/c:"}, {"con ", "/con "},
		{".dot", "/.dot"}, {"...", "/..."}, {"a..b", "/a..b"}, {" ", "/ "},
		{strings.Repeat("a", maxName-1), "/" + strings.Repeat("a", maxName-1)},
	} {
		if got, err := Clean(test.name); got != test.want || err != nil {
			t.Errorf("Clean(%q) = %q, %v; want %q", test.name, got, err, test.want)
		}
	}
	for _, long := range []string{strings.Repeat("a", maxName), strings.Repeat("a", maxName) + ":"} {
		if _, err := Clean(long); err != errName {
			t.Errorf("Clean of %d bytes: %v", len(long), err)
		}
	}
	if !errors.Is(errName, fs.ErrNotExist) {
		t.Error("errName isn't fs.ErrNotExist")
	}
}

// What a system doesn't take for the name of a file is refused on that system.
func TestNamesOfSystems(t *testing.T) {
	for _, test := range []struct {
		name           string
		linux, windows bool
	}{
		{"a", true, true}, {"a/b c", true, true}, {"c:/a", true, true}, {"auxiliary", true, true}, {"com10", true, true}, {"ünï", true, true},
		{"10:30.txt", true, false}, {"file:stream", true, false}, {"file::$DATA", true, false}, {"c:/c:", true, false},
		{"aux.c", true, false}, {"a/NUL", true, false}, {"con.txt", true, false}, {"nul .txt", true, false}, {"COM1.tar.gz", true, false},
		{"lpt³", true, false}, {"conin$", true, false}, {"con:", true, false}, {"con/file", true, false},
		{"end.", true, false}, {"end ", true, false}, {"caf\xe9", true, false},
		{"a//b", false, false}, {"a/.", false, false}, {"..", false, false}, {"a/", false, false}, {"a\nb", false, false}, {"a\x00", false, false},
		{"a\u0085", false, false}, {":", false, false}, {":/a", false, false}, {"\xff:/a", false, false}, {"a:b:/c", false, false},
	} {
		if _, ok := canonical("linux", test.name); ok != test.linux {
			t.Errorf("%q on Linux: %v", test.name, ok)
		}
		if _, ok := canonical("windows", test.name); ok != test.windows {
			t.Errorf("%q on Windows: %v", test.name, ok)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "/", `c:\x`, "a/../b", "İ:/x", "conİn$:", "Ⱥ:", "nul .txt", "a//b", "\x80", "//", "c:/c:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		clean, err := Clean(name)
		if err != nil {
			if err != errName || clean != "" {
				t.Fatalf("Clean(%q) = %q, %v", name, clean, err)
			}
			return
		}
		if again, err := Clean(clean); again != clean || err != nil {
			t.Fatalf("Clean(%q) = %q, but Clean of that = %q, %v", name, clean, again, err)
		}
		root, rel, _ := strings.Cut(clean, "/")
		if root != "" && !strings.HasSuffix(root, ":") || strings.ContainsAny(rel, "\\\x00") || len(clean) > maxName {
			t.Fatalf("Clean(%q) = %q", name, clean)
		}
		for element := range strings.SplitSeq(rel, "/") {
			if rel != "" && (element == "" || element == "." || element == "..") {
				t.Fatalf("Clean(%q) = %q, which escapes", name, clean)
			}
		}
	})
}
