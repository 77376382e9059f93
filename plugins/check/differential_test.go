package check

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/traefik/yaegi/interp"

	"mts/plugins/lower"
	"mts/plugins/symbols"
)

// compiled builds one program of all packages, given by name, and returns what
// each one's Result returns.
func compiled(t *testing.T, packages map[string][]byte) map[string]string {
	t.Helper()
	root, err := filepath.Abs("../..")
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
	write("main.go", []byte(`package main

import (
	"encoding/json"
	"fmt"
	"os"
`+imports.String()+`)

var results = map[string]string{}

func run(name string, result func() string) {
	defer func() {
		if v := recover(); v != nil {
			results[name] = fmt.Sprint("panic: ", v)
		}
	}()
	results[name] = result()
}

func main() {
`+calls.String()+`	json.NewEncoder(os.Stdout).Encode(results)
}
`))
	cmd := exec.Command("go", "run", "-mod=mod", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "GONOSUMDB=*")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("compile the corpus: %v", err)
	}
	results := map[string]string{}
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatal(err)
	}
	return results
}

// interpreted returns what Result of the package returns in the interpreter.
func interpreted(name string, src []byte) string {
	result := make(chan string, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				result <- fmt.Sprint("panic: ", v)
			}
		}()
		result <- interpret(name, src)
	}()
	select {
	case s := <-result:
		return s
	case <-time.After(20 * time.Second):
		return "hangs"
	}
}

func interpret(name string, src []byte) (result string) {
	program, found := New(symbols.Exports(), nil).Load(fstest.MapFS{name + ".go": {Data: src}}, name, "Result")
	if len(found) > 0 {
		return fmt.Sprint("check: ", found)
	}
	in := interp.New(interp.Options{Stderr: io.Discard, SourcecodeFilesystem: fstest.MapFS{}})
	program.Bind("Result", func(f func() string) { result = f() })
	if err := in.Use(program.Exports()); err != nil {
		return fmt.Sprint("use: ", err)
	}
	main := "func main() {\n" + lower.Init + "()\nh.Result(" + program.Func("Result") + ")\n}\n"
	if _, err := in.Eval(program.Source(main)); err != nil {
		return fmt.Sprint("run: ", err)
	}
	return result
}
