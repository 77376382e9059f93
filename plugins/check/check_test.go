package check

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"mts/plugins/symbols"
)

// corpus returns the packages in the files of a folder of testdata, complete
// with the lines that all of them begin with.
func corpus(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus in %s: %v", folder, err)
	}
	packages := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, section := range strings.Split("\n"+string(data), "\n-- ")[1:] {
			name, src, _ := strings.Cut(section, " --\n")
			if packages[name] != nil {
				t.Fatalf("%s: %s is there twice", file, name)
			}
			packages[name] = []byte("package " + name + "\n\n" + src + "\n")
		}
	}
	return packages
}

// What passes gives the same result interpreted and compiled.
func TestFine(t *testing.T) {
	packages := corpus(t, "fine")
	if len(packages) < 200 {
		t.Fatalf("only %d packages", len(packages))
	}
	checker := New(symbols.Exports(), nil)
	want := compiled(t, packages)
	for name, src := range packages {
		for _, f := range checker.Dir(fstest.MapFS{name + ".go": {Data: src}}, name) {
			t.Error(f)
		}
		if got := interpreted(name, src); got != want[name] {
			t.Errorf("%s: interpreted %q, compiled %q", name, got, want[name])
		}
	}
}

var wanted = regexp.MustCompile(`"([^"]*)"`)

// What is wrong is found on its line, and nothing else is.
func TestBad(t *testing.T) {
	packages := corpus(t, "bad")
	if len(packages) < 45 {
		t.Fatalf("only %d packages", len(packages))
	}
	checker := New(symbols.Exports(), nil)
	for name, src := range packages {
		found := map[int][]string{}
		for _, f := range checker.Dir(fstest.MapFS{name + ".go": {Data: src}}, name) {
			found[f.Pos.Line] = append(found[f.Pos.Line], strings.ReplaceAll(f.Msg, `"`, ""))
		}
		for i, line := range strings.Split(string(src), "\n") {
			_, wants, _ := strings.Cut(line, "// want ")
			compare(t, name, i+1, wanted.FindAllStringSubmatch(wants, -1), found[i+1])
		}
	}
}

func compare(t *testing.T, name string, line int, wants [][]string, found []string) {
	t.Helper()
	if len(wants) != len(found) {
		t.Errorf("%s:%d: found %q, want %d", name, line, found, len(wants))
		return
	}
	for _, want := range wants {
		if !strings.Contains(strings.Join(found, "\n"), want[1]) {
			t.Errorf("%s:%d: found %q, want %q", name, line, found, want[1])
		}
	}
}
