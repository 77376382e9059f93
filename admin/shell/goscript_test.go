package shell

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mts/core/harness"
)

// goScript writes a script and returns its path.
func goScript(t *testing.T, src string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.go")
	if err := os.WriteFile(path, []byte("//go:build ignore\n\npackage main\n\n"+src), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var goAnswers = map[string]string{
	"SESSIONS":             twoSessions,
	"SESSIONS state=idle":  twoSessions,
	"KICK 7 reason=idle":   `{"affected":1,"ids":[7]}` + "\n",
	"KICK 12 reason=idle":  `![code=no-match] no session matches`,
	"WAIT all timeout=1s":  "…",
	"EVENTS event=refused": `{"time":"2026-01-02T03:04:05Z","event":"refused","client":"10.0.0.9"}` + "\n…",
	"STATS":                `{"uptime_s":5,"refusals":{"password":3}}` + "\n",
}

func TestGoScripts(t *testing.T) {
	for name, test := range map[string]struct {
		src  string
		code int
		out  string
		err  string
	}{
		"args": {`import ("fmt"; "os"); func main() { fmt.Println(len(os.Args), os.Args[1]); os.Exit(7); fmt.Println("no") }`, 7, "2 a b\n", ""},
		"zero": {`import "os"; func main() { defer println(1); os.Exit(0) }`, 0, "", ""},
		"calls": {`import ("fmt"; "mts/admin")
func main() {
	for _, s := range admin.Sessions("state=idle") {
		fmt.Printf("%d %s %s\n", s.ID, s.User, s.Path)
		admin.Kick(s.ID, "idle")
	}
}`, 1, "7 ann /iso/a.iso\n12 =cmd() \\x1b[2J\\u009b\\u202ex\n", "no session matches\n"},
		"recover": {`import "mts/admin"; func main() { defer func() { recover() }(); admin.Kick(12, "idle") }`, 1, "", "no session matches\n"},
		"stats":   {`import ("fmt"; "mts/admin"); func main() { fmt.Println(admin.Stats().Refusals["password"]) }`, 0, "3\n", ""},
		"events": {`import ("fmt"; "mts/admin"); func main() {
	admin.Events(func(e admin.Event) bool { fmt.Println(e.Event, e.Client); return false }, "event=refused")
}`, 0, "refused 10.0.0.9\n", ""},
		"table": {`import "mts/admin"; func main() { admin.Table([]string{"A", "B"}, [][]string{{"1", "x\x1b"}, {"22", ""}}) }`,
			0, "A   B\n1   x\\x1b\n22  -\n", ""},
		"panic": {`func main() { var m map[string]int; m["a"] = 1 }`, 1, "", "panic: assignment to entry in nil map\n"},
		"place": {`func main() {
	xs := []int{1}
	println(xs[len(xs)])
}`, 1, "", "panic: runtime error: index out of range [1] with length 1\n  at s.go:7:10: main\n"},
		"println": {`func main() { println("a\x1b", 1); print("b\n") }`, 0, "", "a\\x1b 1\nb\n"},
		"stringer": {`import "fmt"
type level int
func (l level) String() string { return []string{"low", "high"}[l] }
func main() { fmt.Println(level(1)); fmt.Print(level(0), "\n"); fmt.Printf("%v %d\n", level(1), level(1)) }`, 0, "high\nlow\nhigh 1\n", ""},
		"generic": {`import ("fmt"; "maps"; "slices")
func keys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
func main() { defer fmt.Println("end"); fmt.Println(keys(map[string]int{"b": 1, "a": 2})) }`, 0, "[a b]\nend\n", ""},
		"forbidden": {`import "net/http"; func main() { http.Get("x") }`, 1, "",
			"s.go:5:8: package \"net/http\" is not available to scripts; a script answers calls only\n"},
		"os":      {`import "os"; func main() { os.Remove("x") }`, 1, "", "s.go:5:31: undefined: os.Remove\n"},
		"types":   {`import "mts/admin"; func main() { admin.Kick("7", "x") }`, 1, "", "cannot use"},
		"syntax":  {`func main() {`, 1, "", "s.go:5:14: expected '}'"},
		"no main": {`func f() {}`, 1, "", "func main is missing\n"},
		"go":      {`func main() { go main() }`, 1, "", "go statement"},
	} {
		b := newTestShell(t, goAnswers)
		code := b.Command(context.Background(), []string{"run", goScript(t, test.src), "a b"})
		out, errs := b.out.String(), b.err.String()
		if code != test.code || out != test.out || errs != test.err && (test.err == "" || !strings.Contains(errs, test.err)) {
			t.Errorf("%s: code %d, %q, stderr %q; want %d, %q, %q", name, code, out, errs, test.code, test.out, test.err)
		}
	}
}

func TestGoScriptTableCSV(t *testing.T) {
	b := newTestShell(t, nil)
	b.Format = "csv"
	b.Command(context.Background(), []string{"run", goScript(t, `import "mts/admin"; func main() { admin.Table([]string{"b", "a"}, [][]string{{"=1", "x,y"}}) }`)})
	if got := b.out.String(); got != "b,a\n'=1,\"x,y\"\n" {
		t.Errorf("%q", got)
	}
}

// A script that never ends is ended by an interrupt.
func TestGoScriptInterrupted(t *testing.T) {
	for _, src := range []string{
		`import "mts/admin"; func main() { admin.Abort(1); for {} }`,
		`import "mts/admin"; func main() { admin.Abort(1); c := make(chan int); <-c }`,
		`import ("mts/admin"; "time"); func main() { admin.Abort(1); admin.Sleep(time.Hour) }`,
		`import ("mts/admin"; "time"); func main() { admin.Abort(1); admin.Wait(time.Second, "all") }`,
	} {
		b := newTestShell(t, map[string]string{"ABORT 1": "", "WAIT all timeout=1s": "…"})
		code := make(chan int)
		go func() { code <- b.Command(context.Background(), []string{"run", goScript(t, src)}) }()
		harness.Eventually(t, "a command arrives", func() bool { return len(b.server.commands()) > 0 })
		b.Interrupt()
		if got := <-code; got != exitInterrupted || b.err.String() != "interrupted\n" {
			t.Errorf("%s: code %d, %q", src, got, b.err.String())
		}
	}
}

func TestEval(t *testing.T) {
	b := newTestShell(t, goAnswers)
	for _, test := range []struct {
		src, out, err string
	}{
		{`1+2`, "3\n", ""},
		{`"a\x1b"`, "a\\x1b\n", ""},
		{`x := 5`, "", ""},
		{`x*2 // a comment`, "10\n", ""},
		{`x := "now text"`, "", ""},
		{`len(x)`, "8\n", ""},
		{`x = 7`, "", "cannot use 7"},
		{`len(admin.Sessions("state=idle"))`, "2\n", ""},
		{`all := admin.Sessions()`, "", ""},
		{`for _, s := range all { fmt.Println(s.ID) }`, "7\n12\n", ""},
		{`all[0].User`, "ann\n", ""},
		{`fmt.Println("hi")`, "hi\n", ""},
		{`admin.Kick(12, "idle")`, "", "no session matches"},
		{`admin.Kick(7, "idle")`, "", ""},
		{`all[1].ID`, "12\n", ""},
		{`import "strings"`, "", ""},
		{`strings.ToUpper(all[0].User)`, "ANN\n", ""},
		{`import "net"`, "", `"net" is not available`},
		{`y`, "", "undefined: y"},
		{`1 +`, "", "expected"},
		{`f := func(n int) int { return n + 1 }`, "", ""},
		{`f(1)`, "2\n", ""},
		{`all[5]`, "", "index out of range"},
		{`[]byte("a")`, "[97]\n", ""},
		{`var z int`, "", ""},
		{`z`, "0\n", ""},
		{`z++; z += 2`, "", ""},
		{`z`, "3\n", ""},

		// Functions share the variables that they use.
		{`next := func() int { z++; return z }`, "", ""},
		{`next() + next()`, "9\n", ""},
		{`z = 10`, "", ""},
		{`next()`, "11\n", ""},
		{`p := &z`, "", ""},
		{`*p = 20; fmt.Println(z); fmt.Println(next())`, "20\n21\n", ""},
		{`z := "another"; fmt.Println(z)`, "another\n", ""},
		{`fmt.Println(z, *p)`, "another 21\n", ""},

		// Types and constants stand alone.
		{`type point struct { x, y int }`, "", ""},
		{`const ( a = iota + 1; b )`, "", ""},
		{`points := map[string]*point{"a": {x: a, y: b}}`, "", ""},
		{`points["a"].x += b`, "", ""},
		{`*points["a"]`, "{x:3 y:2}\n", ""},
		{`type point int`, "", "point is declared already"},
		{`type local int; l := local(1)`, "", "declare types in a piece of their own"},
		{`x, y := 1.5, []point{{1, 2}}`, "", ""},
		{`x`, "1.5\n", ""},
		{`for i := range 2 { y = append(y, point{x: i}) }`, "", ""},
		{`y`, "[{x:1 y:2} {x:0 y:0} {x:1 y:0}]\n", ""},

		{`import ( "slices"; r "math/rand/v2" )`, "", ""},
		{`slices.Max([]int{1, 3, 2})`, "3\n", ""},
		{`dice := r.New(r.NewPCG(1, 2)); dice.IntN(1)`, "", ""},
		{`since := all[0].Since`, "", ""},
		{`since.Year()`, "2026\n", ""},
		{`err := fmt.Errorf("no\x1b"); err`, "", "is not used"},
		{`err := fmt.Errorf("no %v", x)`, "", ""},
		{`err`, "no 1.5\n", ""},
		{`go next()`, "", "go statement"},
		{`var m map[string]int; m["a"] = 1`, "", "panic: assignment to entry in nil map"},
		{`m`, "", "undefined: m"},
	} {
		b.out.Reset()
		b.err.Reset()
		code := b.Command(context.Background(), []string{"eval", test.src})
		out, errs := b.out.String(), b.err.String()
		if (code == 0) != (test.err == "") || out != test.out || !strings.Contains(errs, test.err) {
			t.Errorf("%s: code %d, %q, %q; want %q, %q", test.src, code, out, errs, test.out, test.err)
		}
	}
}

// An interrupt ends a function of an earlier evaluation, too. What comes next
// begins anew.
func TestEvalInterrupted(t *testing.T) {
	b := newTestShell(t, map[string]string{"ABORT 1": ""})
	b.Command(context.Background(), []string{"eval", `f := func() { admin.Abort(1); for {} }`})
	code := make(chan int)
	go func() { code <- b.Command(context.Background(), []string{"eval", "f()"}) }()
	harness.Eventually(t, "a command arrives", func() bool { return len(b.server.commands()) > 0 })
	b.Interrupt()
	if got := <-code; got != exitInterrupted {
		t.Errorf("code %d, %q", got, b.err.String())
	}
	for src, want := range map[string]int{"f()": 1, "1+2": 0} {
		if got := b.Command(context.Background(), []string{"eval", src}); got != want {
			t.Errorf("%s: code %d, %q", src, got, b.err.String())
		}
	}
}
