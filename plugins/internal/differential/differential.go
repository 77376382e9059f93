// Package differential compares what packages of scripts give when they are
// compiled with what they give when they are interpreted. It serves tests.
package differential

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/traefik/yaegi/interp"

	"mts/plugins/check"
	"mts/plugins/lower"
)

// patience is how long a package may be interpreted.
const patience = 20 * time.Second

// Packages returns the packages in the files that match the pattern. In a
// file, each one begins with a line "-- name --"; the package clause is added.
func Packages(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no packages in %s: %v", pattern, err)
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

// Compare compiles and interprets packages, and reports those that the check
// refuses and those whose func Result() string returns something else. root is
// the module's directory.
func Compare(t testing.TB, root string, checker *check.Checker, packages map[string][]byte) {
	t.Helper()
	want := compiled(t, root, packages)
	for name, src := range packages {
		if got := Interpreted(checker, name, src); got != want[name] {
			got, want := difference(got, want[name])
			t.Errorf("%s: interpreted %q, compiled %q", name, got, want)
		}
	}
}

// difference cuts long texts down to where they begin to differ.
func difference(a, b string) (string, string) {
	const around = 100
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	cut := func(s string) string { return s[max(0, i-around):min(len(s), i+around)] }
	return cut(a), cut(b)
}

// compiled builds one program of all packages, given by name, and returns what
// each one's Result returns.
func compiled(t testing.TB, root string, packages map[string][]byte) map[string]string {
	t.Helper()
	root, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var imports, calls strings.Builder
	for name, src := range packages {
		write(path.Join(name, name+".go"), src)
		fmt.Fprintf(&imports, "\t%q\n", "corpus/"+name)
		fmt.Fprintf(&calls, "\trun(%q, %s.Result)\n", name, name)
	}
	write("go.mod", fmt.Appendf(nil, "module corpus\n\ngo 1.26\n\nrequire mts v0.0.0\n\nreplace mts => %s\n", root))
	write("main.go", []byte(strings.NewReplacer("IMPORTS", imports.String(), "CALLS", calls.String()).Replace(program)))
	cmd := exec.Command("go", "run", "-mod=mod", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "GONOSUMDB=*")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("compile the packages: %v", err)
	}
	var encoded map[string][]byte // results needn't be UTF-8
	if err := json.Unmarshal(out, &encoded); err != nil {
		t.Fatal(err)
	}
	results := map[string]string{}
	for name, result := range encoded {
		results[name] = string(result)
	}
	return results
}

const program = `package main

import (
	"encoding/json"
	"fmt"
	"os"
IMPORTS)

var results = map[string][]byte{}

func run(name string, result func() string) {
	defer func() {
		if v := recover(); v != nil {
			results[name] = fmt.Append(nil, "panic: ", v)
		}
	}()
	results[name] = []byte(result())
}

func main() {
CALLS	json.NewEncoder(os.Stdout).Encode(results)
}
`

// Interpreted returns what Result of the package returns in the interpreter.
func Interpreted(checker *check.Checker, name string, src []byte) string {
	program, found := checker.Load(fstest.MapFS{name + ".go": {Data: src}}, name, "Result")
	if len(found) > 0 {
		return fmt.Sprint("check: ", found)
	}
	result := make(chan string, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				result <- fmt.Sprint("panic: ", v)
			}
		}()
		result <- interpret(program)
	}()
	select {
	case s := <-result:
		return s
	case <-time.After(patience):
		return "hangs"
	}
}

func interpret(program *lower.Program) (result string) {
	in := interp.New(interp.Options{Stderr: program.Stderr(io.Discard), SourcecodeFilesystem: empty{}})
	program.Bind("Result", func(f func() string) { result = f() })
	if err := in.Use(program.Exports()); err != nil {
		return fmt.Sprint("use: ", err)
	}
	main := "func main() {\n" + lower.Init + "()\nh.Result(" + program.Func("Result") + ")\n}\n"
	if _, err := in.Eval(program.Source(main)); err != nil {
		if p, ok := errors.AsType[interp.Panic](err); ok {
			return fmt.Sprint("panic: ", p.Value)
		}
		return fmt.Sprint("run: ", err)
	}
	return result
}

// empty has no files for scripts to import.
type empty struct{}

func (empty) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
