package symbols

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/traefik/yaegi/interp"
)

// The tables are those that the running Go and the package core call for.
func TestTablesAreCurrent(t *testing.T) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(strings.TrimSpace(string(goroot)), "src", "io", "io.go")); err != nil {
		t.Skipf("the sources of Go aren't there: %v", err)
	}
	dir := t.TempDir()
	if out, err := exec.Command("go", "run", "./internal/gen", dir).CombinedOutput(); err != nil {
		t.Fatalf("generate the tables: %v\n%s", err, out)
	}
	want, have := files(t, dir), files(t, ".")
	for name, src := range want {
		if have[name] != src {
			t.Errorf("%s is stale; run go generate ./plugins/symbols", name)
		}
	}
	for name := range have {
		if _, ok := want[name]; !ok {
			t.Errorf("%s isn't generated any more; remove it", name)
		}
	}
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "z_*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no tables in %s: %v", dir, err)
	}
	m := map[string]string{}
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		m[filepath.Base(name)] = string(src)
	}
	return m
}

// Packages that reach beyond the process, or into it, are in no table.
func TestNothingDangerous(t *testing.T) {
	e := Exports()
	for key := range e {
		switch p, _, _ := strings.Cut(path.Dir(key), "/"); p {
		case "os", "reflect", "runtime", "syscall", "unsafe", "sync", "plugin", "log", "context":
			t.Errorf("scripts may import %s", key)
		}
	}
	if e["net/net"] != nil || e["net/http/http"] != nil || e["path/filepath/filepath"] != nil {
		t.Error("scripts may import more of net or path than names")
	}
	for key, names := range map[string][]string{
		"fmt//fmt":               {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
		"time/time":              {"Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "LoadLocation"},
		"io/io":                  {"Pipe"},
		"archive/zip/zip":        {"OpenReader", "RegisterCompressor", "RegisterDecompressor"},
		"text/template/template": {"ParseFiles", "ParseGlob", "ParseFS"},
		"mts/core/core":          {"Host", "NewCall"},
	} {
		if len(e[key]) == 0 {
			t.Errorf("no table %s", key)
		}
		for _, name := range names {
			if _, ok := e[key][name]; ok {
				t.Errorf("%s has %s", key, name)
			}
		}
	}
}

// What a template can call by name, it can call on itself.
func TestTemplatesReadNoFiles(t *testing.T) {
	typ := Exports()["text/template/template"]["Template"].Type()
	for m := range typ.Methods() {
		if strings.HasPrefix(m.Name, "Parse") && m.Name != "Parse" {
			t.Errorf("templates have the method %s", m.Name)
		}
	}
}

// eval returns what the expression is in an interpreter with the tables e,
// after the source was loaded.
func eval(t *testing.T, e interp.Exports, src, expr string) reflect.Value {
	t.Helper()
	in := interp.New(interp.Options{SourcecodeFilesystem: fstest.MapFS{}})
	if err := in.Use(e); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Eval(src); err != nil {
		t.Fatal(err)
	}
	v, err := in.Eval(expr)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every interpreter has variables of its own.
func TestVariablesAreFrozen(t *testing.T) {
	eof := io.EOF
	const src = `package p
import ("errors"; "io")
func Set() bool { io.EOF = errors.New("evil"); p := &io.EOF; *p = errors.New("worse"); return true }
`
	eval(t, Exports(), src, "p.Set()")
	if io.EOF != eof {
		t.Fatal("a script set the host's io.EOF")
	}
	got := Exports()["io/io"]["EOF"].Interface()
	if err, ok := got.(error); !ok || !errors.Is(err, eof) {
		t.Errorf("the next interpreter's io.EOF is %v", got)
	}
}

// A script's Read that does nothing, as one does that was stopped, ends loops
// of the host.
func TestEmptyReadsEnd(t *testing.T) {
	const src = `package p
import "io"
type r struct{ n int }
func (r *r) Read(p []byte) (int, error) { return 0, nil }
func Copy() error { _, err := io.Copy(io.Discard, &r{}); return err }
`
	err, ok := eval(t, Exports(), src, "p.Copy()").Interface().(error)
	if !ok || !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("io.Copy returned %v, want %v", err, io.ErrNoProgress)
	}
}

// Whoever has a stream to lend can lend it.
func TestPrintCanBeAdded(t *testing.T) {
	var out strings.Builder
	in := interp.New(interp.Options{Stdout: &out})
	e := Exports()
	e["fmt/fmt"] = e["fmt//fmt"]
	delete(e, "fmt//fmt")
	if err := in.Use(e); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Eval("package main\nimport \"fmt\"\nfunc main() { fmt.Println(\"x\", 1) }"); err != nil {
		t.Fatal(err)
	}
	if out.String() != "x 1\n" {
		t.Errorf("printed %q", out.String())
	}
}

func BenchmarkExports(b *testing.B) {
	for b.Loop() {
		Exports()
	}
}

func BenchmarkUse(b *testing.B) {
	for b.Loop() {
		if err := interp.New(interp.Options{}).Use(Exports()); err != nil {
			b.Fatal(err)
		}
	}
}
