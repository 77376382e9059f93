package core_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A listed is what go list tells of a package.
type listed struct {
	ImportPath, Doc string
	Imports         []string
	Deps            []string
	Standard        bool
}

func goList(t *testing.T, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Doc,Imports,Deps,Standard"}, args...)...)
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// The arrows between the folders: who may import whom.
func TestArrows(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		`^mts/core$`:           regexp.MustCompile(`^mts/|\.`),
		`^mts/core/`:           regexp.MustCompile(`^mts/(cmd|plugins|admin|examples)\b|yaegi|liner`),
		`^mts/certs`:           regexp.MustCompile(`^mts/(cmd|plugins|admin|examples)\b|yaegi|liner`),
		`^mts/(plugins|admin)`: regexp.MustCompile(`^mts/(cmd|examples)\b`),
		`^mts/core/(access|names|units|version)$`: regexp.MustCompile(`^mts/|\.`), // small: used everywhere
		`^mts/core/client$`:                       regexp.MustCompile(`^mts/core/(server|builtin|exports|auth|config|transport)$`),
	}
	packages := goList(t, "./...")
	if len(packages) < 10 {
		t.Fatalf("go list shows only %d packages", len(packages))
	}
	for _, p := range packages {
		for from, to := range forbidden {
			if !regexp.MustCompile(from).MatchString(p.ImportPath) {
				continue
			}
			for _, imported := range p.Imports {
				if to.MatchString(imported) {
					t.Errorf("%s imports %s", p.ImportPath, imported)
				}
			}
		}
	}
}

func TestPackagesHaveDocs(t *testing.T) {
	for _, p := range goList(t, "./...") {
		if p.Doc == "" && p.ImportPath != "mts/cmd" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// The client is small: what only the server needs is not linked.
func TestClientLinks(t *testing.T) {
	foreign := regexp.MustCompile(`yaegi|BurntSushi/toml|^mts/core/(server|config)$`)
	for _, p := range goList(t, "./cmd/mtsclient") {
		for _, dep := range p.Deps {
			if foreign.MatchString(dep) {
				t.Errorf("mtsclient links %s", dep)
			}
		}
	}
}

// Every direct dependency has its reason in CONTRIBUTING.md.
func TestDependenciesHaveReasons(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../.github/CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	direct := regexp.MustCompile(`(?m)^\s*(?:require )?(\S+\.\S+/\S+) v\S+$`).FindAllStringSubmatch(string(mod), -1)
	if len(direct) == 0 {
		t.Fatal("go.mod shows no direct dependency")
	}
	for _, m := range direct {
		if !strings.Contains(string(doc), "| "+m[1]+" |") {
			t.Errorf("CONTRIBUTING.md gives no reason for %s", m[1])
		}
	}
}

// Every package stands in the table of CONTRIBUTING.md that says what is where.
func TestPackagesAreListed(t *testing.T) {
	doc, err := os.ReadFile("../.github/CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range goList(t, "./...") {
		folder := regexp.MustCompile(`^mts/(core/\w+|core|cmd|plugins|admin|certs|examples)`).FindStringSubmatch(p.ImportPath)
		if folder == nil || !strings.Contains(string(doc), "`"+folder[1]+"/`") {
			t.Errorf("CONTRIBUTING.md doesn't say where %s is", p.ImportPath)
		}
	}
}

// README.md, CONTRIBUTING.md and their like name files that exist.
func TestLinksOfDocs(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^):#]+)(#[^)]*)?\)`)
	files, err := filepath.Glob("../.github/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../README.md", "../examples/plugins/README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
