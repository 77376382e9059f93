package check_test

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"unicode"

	"mts/plugins/check"
	"mts/plugins/internal/differential"
	"mts/plugins/symbols"
)

const good = `// Package wc counts.
package wc

import (
	"bufio"

	"mts/core"
)

func Commands() []core.Command {
	return []core.Command{{Verb: "WC", Args: "PATH", Help: "counts lines", Run: wc}}
}

func wc(c *core.Call) error {
	f, err := c.Open(c.Arg())
	if err != nil {
		return err
	}
	defer f.Close()
	lines := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		lines++
	}
	c.Reply("%d lines", lines)
	return nil
}
`

// edit replaces the first part of good with another.
func edit(old, with string) string { return strings.Replace(good, old, with, 1) }

func TestPlugin(t *testing.T) {
	const missing = "func Commands() []core.Command"
	for name, test := range map[string]struct {
		src  string
		want string // the one finding; empty is none
	}{
		"good":        {good, ""},
		"hooks":       {good + "\nfunc Hooks() core.Hooks { return core.Hooks{} }\n\nfunc Close() {}\n", ""},
		"configure":   {good + "\nfunc Configure(settings map[string]interface{}) error { return nil }\n", ""},
		"missing":     {"package wc\n", "wc.go:1:9: the plugin offers nothing; write func Commands() []core.Command or func Hooks() core.Hooks"},
		"parameter":   {edit("Commands()", "Commands(n int)"), "wc.go:10:6: Commands is something else than the host calls; write " + missing},
		"variable":    {edit("func Commands()", "var Commands = func()"), "wc.go:10:5: Commands is something else than the host calls; write " + missing},
		"result":      {edit("[]core.Command {\n\treturn []core.Command{{", "[1]core.Command {\n\treturn [1]core.Command{{"), "wc.go:10:6: Commands is something"},
		"settings":    {good + "\nfunc Configure(settings map[string]string) error { return nil }\n", "wc.go:28:6: Configure is something else"},
		"closing":     {good + "\nfunc Close() error { return nil }\n", "wc.go:28:6: Close is something else than the host calls; write func Close()"},
		"wrong hooks": {good + "\nfunc Hooks() *core.Hooks { return nil }\n", "wc.go:28:6: Hooks is something else"},
		"name":        {edit("package wc", "package main"), "wc.go:2:9: package is called main; write package wc"},
		"version":     {"//go:build go1.21\n\n" + good, ""},
		"ignored":     {"//go:build ignore\n\n" + good, "wc.go:1:1: build constraint; leave it out"},
		"plus":        {"//go:build go1.21\n// +build linux\n\n" + good, "wc.go:1:1: build constraint"},
		"block":       {edit("// Package wc", "/*\n+build linux\n*/\n\n// Package wc"), "wc.go:1:1: build constraint"},
		"syntax":      {edit("lines := 0", "lines := "), "wc.go:21:2: expected operand"},
		"not UTF-8":   {edit("counts lines", "\xff"), "illegal UTF-8"},
		"empty":       {"", "expected 'package'"},
		"API":         {edit("c.Reply", "c.Replay"), "wc.go:24:4: c.Replay undefined"},
	} {
		t.Run(name, func(t *testing.T) {
			found := check.NewPlugin().Dir(fstest.MapFS{"wc.go": {Data: []byte(test.src)}}, "wc")
			switch {
			case test.want == "" && len(found) > 0:
				t.Errorf("found %v", found)
			case test.want != "" && (len(found) == 0 || !strings.Contains(found[0].String(), test.want)):
				t.Errorf("found %v, want %q", found, test.want)
			}
		})
	}
}

// Only the files that both the compiler and the interpreter read count.
func TestFiles(t *testing.T) {
	broken := &fstest.MapFile{Data: []byte("package broken\n\nvar x = nope\n")}
	large := func(n int) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("package wc\n\n//" + strings.Repeat("x", n) + "\n")}
	}
	many := fstest.MapFS{"wc.go": {Data: []byte(good)}}
	for i := range check.MaxFiles {
		many[fmt.Sprintf("f%02d.go", i)] = large(1)
	}
	for name, test := range map[string]struct {
		dir  fstest.MapFS
		want string
	}{
		"tests":  {fstest.MapFS{"wc.go": {Data: []byte(good)}, "wc_test.go": broken, "_x.go": broken, ".y.go": broken, "z_plan9.go": broken, "go.mod": broken, "sub/s.go": broken}, ""},
		"two":    {fstest.MapFS{"wc.go": {Data: []byte(good)}, "x.go": broken}, "x.go:1:9: package is called broken"},
		"none":   {fstest.MapFS{"readme": broken}, ".:1:1: no Go files"},
		"many":   {many, "wc.go:1:1: more than 64 files"},
		"size":   {fstest.MapFS{"wc.go": {Data: []byte(good)}, "x.go": large(check.MaxBytes)}, "x.go:1:1: more than 1048576 bytes"},
		"sum":    {fstest.MapFS{"wc.go": {Data: []byte(good)}, "x.go": large(check.MaxBytes / 2), "y.go": large(check.MaxBytes / 2)}, "y.go:1:1: more than 1048576 bytes"},
		"folder": {fstest.MapFS{"wc.go/x": broken}, "wc.go:1:1: not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			found := check.NewPlugin().Dir(test.dir, "wc")
			if test.want == "" && len(found) > 0 || test.want != "" && (len(found) == 0 || !strings.Contains(found[0].String(), test.want)) {
				t.Errorf("found %v, want %q", found, test.want)
			}
		})
	}
}

func TestFindingsAreSorted(t *testing.T) {
	file := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("package wc\n\nvar " + name + "2, " + name + "1 = x, y\n")}
	}
	var got []string
	for _, f := range check.NewPlugin().Dir(fstest.MapFS{"b.go": file("b"), "a.go": file("a")}, "wc") {
		got = append(got, f.String())
	}
	want := []string{
		"a.go:3:14: undefined: x", "a.go:3:17: undefined: y",
		"b.go:3:14: undefined: x", "b.go:3:17: undefined: y",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// All that is wrong with a script is said at once.
func TestFindingsAreComplete(t *testing.T) {
	const src = `//go:build linux

package wc

import (
	"os"

	"mts/core"
)

func Commands() []core.Command { return []core.Command{{Verb: "WC", Run: wc}} }

func wc(c *core.Call) error {
	go os.Exit(1)
	var n int = "text"
	c.Host()
	return nil
}
`
	var got []string
	for _, f := range check.NewPlugin().Dir(fstest.MapFS{"wc.go": {Data: []byte(src)}}, "wc") {
		got = append(got, fmt.Sprintf("%d:%d", f.Pos.Line, f.Pos.Column))
	}
	want := []string{"1:1", "6:2", "14:2", "15:6", "15:14", "16:4"}
	if !slices.Equal(got, want) {
		t.Errorf("found %v, want findings at %v", got, want)
	}
}

// Scripts of another kind bring tables of their own, for packages of the
// allow-list too.
func TestScriptFile(t *testing.T) {
	exports := symbols.Exports()
	exports["fmt/fmt"] = map[string]reflect.Value{"Println": reflect.ValueOf(fmt.Println)}
	exports["mts/admin/admin"] = map[string]reflect.Value{"Sessions": reflect.ValueOf(func(...string) []int { return nil })}
	src := "package main\n\nimport (\n\t\"fmt\"\n\n\t\"mts/admin\"\n)\n\n" +
		"func main() { fmt.Println(fmt.Sprint(len(admin.Sessions(\"idle>1m\")))) }\n"
	c := check.New(exports, nil)
	if found := c.File("x.go", []byte(src)); len(found) > 0 {
		t.Error(found)
	}
	if found := c.File("x.go", []byte(strings.Replace(src, "Sessions", "Kick", 1))); len(found) != 1 || found[0].Pos.Line != 9 {
		t.Error(found)
	}
}

// One checker serves several goroutines.
func TestConcurrent(t *testing.T) {
	c := check.NewPlugin()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if found := c.Dir(fstest.MapFS{"wc.go": {Data: []byte(good)}}, "wc"); len(found) > 0 {
				t.Error(found)
			}
		})
	}
	wg.Wait()
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(good))
	for _, src := range differential.Packages(f, "testdata/bad/*.txt") {
		f.Add(src)
	}
	c := check.NewPlugin()
	f.Fuzz(func(t *testing.T, src []byte) {
		for _, found := range c.Dir(fstest.MapFS{"wc.go": {Data: src}}, "wc") {
			if found.Msg == "" || found.Pos.Line == 0 {
				t.Errorf("finding without a place or a word: %+v", found)
			}
		}
	})
}

// BenchmarkDir checks a plugin of 300 lines.
func BenchmarkDir(b *testing.B) {
	src := good
	for i := 0; strings.Count(src, "\n") < 300; i++ {
		src += strings.ReplaceAll(good[strings.Index(good, "\nfunc wc"):], "func wc", fmt.Sprintf("func wc%d", i))
	}
	dir := fstest.MapFS{"wc.go": {Data: []byte(src)}}
	c := check.NewPlugin()
	for b.Loop() {
		if found := c.Dir(dir, "wc"); len(found) > 0 {
			b.Fatal(found)
		}
	}
}

// BenchmarkNewPlugin is what a checker costs that is used once.
func BenchmarkNewPlugin(b *testing.B) {
	dir := fstest.MapFS{"wc.go": {Data: []byte(good)}}
	for b.Loop() {
		check.NewPlugin().Dir(dir, "wc")
	}
}

// What a script changes of another package's variables is its own copy.
func TestHostVariablesAreCopies(t *testing.T) {
	const src = `
import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"unicode"
)

func Result() string {
	unicode.Yi.R16 = nil
	unicode.Categories["L"].R32 = nil
	delete(unicode.Scripts, "Yi")
	clear(xml.HTMLEntity)
	*base64.StdEncoding = *base64.URLEncoding
	xml.HTMLAutoClose[0] = "changed"
	return fmt.Sprint(len(xml.HTMLEntity), len(unicode.Yi.R16), xml.HTMLAutoClose[0])
}
`
	got := differential.Interpreted(check.New(symbols.Exports(), nil), "p", []byte("package p\n"+src))
	if want := "0 0changed"; got != want {
		t.Errorf("the script sees %q, want %q", got, want)
	}
	if len(unicode.Yi.R16) == 0 || len(unicode.L.R32) == 0 || unicode.Scripts["Yi"] == nil || len(xml.HTMLEntity) == 0 ||
		xml.HTMLAutoClose[0] == "changed" || base64.StdEncoding.EncodeToString([]byte{0xff, 0xef}) != "/+8=" {
		t.Error("the script changed the host's variables")
	}
}
