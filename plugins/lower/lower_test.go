package lower_test

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/traefik/yaegi/interp"

	"mts/plugins/check"
	"mts/plugins/internal/differential"
	"mts/plugins/lower"
	"mts/plugins/symbols"
)

// Every construct gives what the compiler makes of it.
func TestConstructs(t *testing.T) {
	differential.Compare(t, "../..", check.New(symbols.Exports(), nil), differential.Packages(t, "testdata/*.txt"))
}

var (
	seeds = flag.Int("seeds", 24, "how many generated programs to compare")
	first = flag.Uint64("first", 1, "the seed of the first")
)

// Generated programs give what the compiler makes of them.
func TestGenerated(t *testing.T) {
	checker := check.New(symbols.Exports(), nil)
	const batch = 200
	for done := 0; done < *seeds; done += batch {
		packages := map[string][]byte{}
		for i := done; i < min(done+batch, *seeds); i++ {
			seed := *first + uint64(i)
			name := fmt.Sprint("g", seed)
			packages[name] = generated(name, seed)
		}
		differential.Compare(t, "../..", checker, packages)
	}
}

const panics = `package p

import "fmt"

type point struct{ x *int }

func Result() string {
	fmt.Sprint("begin")
	return first(3)
}

func first(n int) string {
	list := []int{1, 2}
	f := func() int {
		return list[n]
	}
	_ = list
	return fmt.Sprint(f())
}
`

// A panic tells where in the script it was.
func TestTrace(t *testing.T) {
	for name, test := range map[string]struct {
		src  string
		want []string
	}{
		"index":     {panics, []string{"p.go:15:10: func literal", "p.go:13:2: first", "p.go:8:2: Result"}},
		"panic":     {strings.Replace(panics, "return list[n]", `panic("own")`, 1), []string{"p.go:15:3: func literal", "p.go:13:2: first", "p.go:8:2: Result"}},
		"nil":       {strings.Replace(panics, "return list[n]", "return *point{}.x", 1), []string{"p.go:15:3: func literal", "p.go:13:2: first", "p.go:8:2: Result"}},
		"recovered": {strings.Replace(panics, "return list[n]", "defer func() { recover() }(); return list[n]", 1), nil},
	} {
		t.Run(name, func(t *testing.T) {
			program, found := check.New(symbols.Exports(), nil).Load(fstest.MapFS{"p.go": {Data: []byte(test.src)}}, "p", "Result")
			if len(found) > 0 {
				t.Fatal(found)
			}
			in := interp.New(interp.Options{Stderr: program.Stderr(io.Discard)})
			if err := in.Use(program.Exports()); err != nil {
				t.Fatal(err)
			}
			_, err := in.Eval(program.Source("func main() { " + lower.Init + "(); R_Result() }\n"))
			if got := program.Trace(); (err != nil) != (test.want != nil) || !slices.Equal(got, test.want) {
				t.Errorf("%v, trace %q, want %q", err, got, test.want)
			}
		})
	}
}

// What can't be lowered is found at its place, all of it.
func TestRefused(t *testing.T) {
	const src = `package p

import "io"

type walk []walk

func f[T any]() {
	type local struct{ v T }
}

func Result() string {
	f[int]()
	_ = walk{}
	io.EOF = nil
	return ""
}
`
	_, found := check.New(symbols.Exports(), nil).Load(fstest.MapFS{"p.go": {Data: []byte(src)}}, "p", "Result")
	var got []string
	for _, f := range found {
		got = append(got, fmt.Sprintf("%d:%d", f.Pos.Line, f.Pos.Column))
	}
	if want := []string{"5:6", "8:2", "14:2"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want findings at %v", found, want)
	}
}

// BenchmarkLoad checks and lowers a plugin of 300 lines.
func BenchmarkLoad(b *testing.B) {
	src := panics
	for i := 0; strings.Count(src, "\n") < 300; i++ {
		src += strings.ReplaceAll(panics[strings.Index(panics, "\nfunc first"):], "func first", fmt.Sprint("func first", i))
	}
	checker := check.New(symbols.Exports(), nil)
	for b.Loop() {
		if _, found := checker.Load(fstest.MapFS{"p.go": {Data: []byte(src)}}, "p", "Result"); len(found) > 0 {
			b.Fatal(found)
		}
	}
}
