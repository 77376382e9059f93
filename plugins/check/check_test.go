package check_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"mts/plugins/check"
	"mts/plugins/internal/differential"
	"mts/plugins/symbols"
)

// What passes gives the same result interpreted and compiled.
func TestFine(t *testing.T) {
	packages := differential.Packages(t, "testdata/fine/*.txt")
	if len(packages) < 200 {
		t.Fatalf("only %d packages", len(packages))
	}
	differential.Compare(t, "../..", check.New(symbols.Exports(), nil), packages)
}

var wanted = regexp.MustCompile(`"([^"]*)"`)

// What is wrong is found on its line, and nothing else is.
func TestBad(t *testing.T) {
	packages := differential.Packages(t, "testdata/bad/*.txt")
	if len(packages) < 45 {
		t.Fatalf("only %d packages", len(packages))
	}
	checker := check.New(symbols.Exports(), nil)
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
