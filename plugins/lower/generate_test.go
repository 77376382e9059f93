package lower_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generated returns a random package that compiles, ends, and always gives the
// same result. Every statement adds to a log, so that the order of things shows.
func generated(name string, seed uint64) []byte {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0x6d7473))}
	g.functions()
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n%s\n%s", name, generatedHead, g.out.String())
	return []byte(b.String())
}

const generatedHead = `
import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

var log strings.Builder
var left = 3000

var zero, one, seven, hundred = 0, 1, 7, 100
var lowest, highest = low, high

func num(v int) int { return v }

func say(v ...any) { if left > 0 { fmt.Fprintln(&log, v...) } }
func tick() bool { left--; return left > 0 }

type level int8

const (
	low level = iota - 1
	mid
	high = low + 1<<iota
)

func (l level) String() string { return "L" + strings.Repeat("*", int(l)&3) }

type vec struct{ x, y int }

func (v vec) add(w vec) vec   { v.x += w.x; v.y += w.y; return v }
func (v *vec) scale(k int)    { v.x *= k; v.y ^= k }
func (v vec) size() int       { return v.x&15 + v.y&15 }

type node struct {
	vec
	name string
	kids []*node
	attr map[string]level
}

func (n *node) size() int { s := 1; for _, k := range n.kids { s += k.size() }; return s + n.vec.size() }

type sized interface{ size() int }

type failure struct{ code int }

func (f *failure) Error() string { return fmt.Sprint("failure ", f.code) }

var errBase = errors.New("base")

type bag[T comparable] struct{ items []T }

func (b *bag[T]) put(v T) *bag[T] { if !slices.Contains(b.items, v) { b.items = append(b.items, v) }; return b }
func (b bag[T]) all() func(func(int, T) bool) {
	return func(yield func(int, T) bool) {
		for i, v := range b.items {
			if !yield(i, v) {
				return
			}
		}
	}
}

func pick[T any](c bool, a, b T) T { if c { return a }; return b }

func try(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			err = fmt.Errorf("recovered: %w", r)
		case string, level:
			err = fmt.Errorf("recovered %T %v", r, r)
		default:
			err = errBase
		}
	}()
	f()
	return
}

func classify(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case int, int8:
		return fmt.Sprintf("int %v", v)
	case level:
		return "level " + v.String()
	case fmt.Stringer:
		return "stringer"
	case *failure:
		return v.Error()
	case error:
		return "error " + v.Error()
	case vec:
		return fmt.Sprint("vec ", v.x+v.y)
	case sized:
		return fmt.Sprint("sized ", v.size())
	case []int:
		return fmt.Sprint("ints ", len(v))
	case func(int) int:
		return fmt.Sprint("func ", v(1))
	}
	return fmt.Sprintf("%T", v)
}

func newNode(n int) *node {
	k := &node{vec: vec{n, -n}, name: fmt.Sprint("n", n), attr: map[string]level{"a": level(n)}}
	if n > 0 && n < 4 {
		k.kids = append(k.kids, newNode(n-1), newNode(0))
	}
	return k
}
`

// A generator writes functions. It knows the variables in scope by type.
type generator struct {
	*rand.Rand
	out    strings.Builder
	depth  int
	n      int
	scopes []map[string][]string
	loops  []string
	funcs  int
	named  bool // the function has results with names
	budget int
}

var generatedTypes = []string{"int", "uint8", "int16", "string", "bool", "float64", "level", "vec", "*vec", "*node", "[]int", "[3]int", "map[string]int", "sized", "any", "error", "func(int) int", "bag[string]", "[]vec", "map[level]string"}

func (g *generator) linef(format string, args ...any) {
	g.out.WriteString(strings.Repeat("\t", g.depth))
	fmt.Fprintf(&g.out, format, args...)
	g.out.WriteByte('\n')
}

func (g *generator) one(list ...string) string { return list[g.IntN(len(list))] }
func (g *generator) often(percent int) bool    { return g.IntN(100) < percent }
func (g *generator) name() string              { g.n++; return fmt.Sprint("v", g.n) }

func (g *generator) declare(name, typ string) {
	s := g.scopes[len(g.scopes)-1]
	s[typ] = append(s[typ], name)
}

// variable returns a variable of the type that is in scope, or "".
func (g *generator) variable(typ string) string {
	var found []string
	for _, s := range g.scopes {
		found = append(found, s[typ]...)
	}
	if len(found) == 0 {
		return ""
	}
	return g.one(found...)
}

func (g *generator) functions() {
	g.scopes = []map[string][]string{{}}
	for _, t := range generatedTypes {
		name := g.name()
		g.linef("var %s %s = %s", name, t, g.value(t, 1))
		g.declare(name, t)
	}
	for i := range 3 {
		g.function(i)
	}
	g.linef("func Result() string {")
	for i := range 3 {
		g.linef("\ta%d, b%d := f%d(%d, %q)", i, i, i, g.IntN(9)-3, g.one("", "q", "é"))
		g.linef("\tsay(a%d, b%d)", i, i)
	}
	for _, t := range generatedTypes {
		g.linef("\tsay(%q, %s)", t, g.shown(g.scopes[0][t][0], t))
	}
	g.linef("\treturn log.String()\n}")
}

func (g *generator) function(i int) {
	g.named = g.often(50)
	results := "(int, error)"
	if g.named {
		results = "(n int, err error)"
	}
	g.linef("func f%d(p int, s string) %s {", i, results)
	g.budget = 40
	g.open(map[string][]string{"int": {"p"}, "string": {"s"}})
	if g.named {
		g.scopes[len(g.scopes)-1]["int"] = append(g.scopes[len(g.scopes)-1]["int"], "n")
		g.scopes[len(g.scopes)-1]["error"] = []string{"err"}
	}
	g.linef("if !tick() {\n\t\treturn 0, nil\n\t}")
	if g.often(40) {
		g.linef("defer func() { %s }()", g.one("say(\"leaving\", p, s)", "p++", "say(recover())"))
	}
	if g.named && g.often(50) {
		g.linef("defer func() { n += %d; if r := recover(); r != nil { err = errBase } }()", g.IntN(5))
	}
	for range 6 {
		g.statement()
	}
	if g.named && g.often(40) {
		g.linef("n, err = %s, %s", g.value("int", 2), g.value("error", 2))
		g.ended()
		g.linef("return")
	} else {
		n, err := g.value("int", 2), g.value("error", 2)
		g.ended()
		g.linef("return %s, %s", n, err)
	}
	g.close()
	g.linef("}\n")
	g.funcs++
}

func (g *generator) open(scope map[string][]string) {
	g.depth++
	g.scopes = append(g.scopes, scope)
}

func (g *generator) close() {
	g.uses()
	g.scopes = g.scopes[:len(g.scopes)-1]
	g.depth--
}

// ended leaves nothing in scope: the block's last statement follows.
func (g *generator) ended() {
	g.uses()
	g.scopes[len(g.scopes)-1] = map[string][]string{}
}

// uses mentions the variables of the block, which the compiler insists on.
func (g *generator) uses() {
	for _, names := range g.scopes[len(g.scopes)-1] {
		for _, n := range names {
			g.linef("_ = %s", n)
		}
	}
}

func (g *generator) block(n int) {
	g.open(map[string][]string{})
	for range 1 + g.IntN(n) {
		g.statement()
	}
	g.close()
}

// shown is an expression that prints the same in every run.
func (g *generator) shown(v, typ string) string {
	switch typ {
	case "*vec":
		return "*" + v
	case "*node":
		return v + ".size(), " + v + ".attr, " + v + ".vec"
	case "sized":
		return v + ".size()"
	case "any":
		return "classify(" + v + ")"
	case "func(int) int":
		return v + "(3)"
	}
	return v
}

// value returns an expression of the type.
func (g *generator) value(typ string, depth int) string {
	if v := g.variable(typ); v != "" && (depth <= 0 || g.often(30)) {
		return v
	}
	if depth <= 0 {
		return g.literal(typ)
	}
	e := func(t string) string { return g.value(t, depth-1) }
	switch typ {
	case "int":
		return g.one("("+e("int")+g.one(" + 3", " - 0x10", " * 5", " / 3", " % 7", " << 2", " >> 1", " &^ 6")+")", "("+e("int")+g.one(" + ", " - ", " * ", " & ", " | ", " ^ ", " &^ ")+e("int")+")",
			"len("+e("string")+")", "int("+e("uint8")+")", e("vec")+".size()", e("*node")+".x", e("sized")+".size()",
			e("[3]int")+"["+e("uint8")+"%3]", e("map[string]int")+"["+e("string")+"]", e("func(int) int")+"("+e("int")+")",
			"pick("+e("bool")+", "+e("int")+", "+e("int")+")", "("+e("int")+" >> ("+e("uint8")+"&7))", "min("+e("int")+", "+e("int")+", 40)",
			"("+e("int")+"/(1+int("+e("uint8")+")))", "-("+e("int")+")", "^"+e("int"), "int("+e("level")+")", "func() int { say(\"called\"); return "+e("int")+" }()")
	case "uint8", "int16", "level":
		return g.one("("+e(typ)+g.one(" + ", " - ", " * ", " | ", " &^ ")+e(typ)+")", typ+"("+e("int")+")", "("+e(typ)+" << ("+e("uint8")+"&3))", g.literal(typ))
	case "float64":
		return g.one("("+e(typ)+g.one(" + ", " * ", " - ")+e(typ)+")", "float64("+e("int16")+")", "max("+e(typ)+", 0.5)")
	case "string":
		return g.one("("+e(typ)+" + "+e(typ)+")", "fmt.Sprint("+e("level")+", "+e("int")+")", "fmt.Sprintf(\"%v|%+v|%T\", "+e("vec")+", "+e("vec")+", "+e("any")+")",
			e("level")+".String()", "classify("+e("any")+")", "string(rune(int('a')+int("+e("uint8")+")%26))", e("*node")+".name", e("map[level]string")+"["+e("level")+"]",
			"strings.ToUpper("+e(typ)+")", "fmt.Sprintf(\"%d %x %q\", "+e("int")+", "+e("uint8")+", "+e("string")+")")
	case "bool":
		return g.one("("+e("int")+g.one(" < ", " == ", " >= ")+e("int")+")", "("+e("string")+g.one(" == ", " < ", " != ")+e("string")+")",
			"("+e(typ)+g.one(" && ", " || ")+e(typ)+")", "!"+e(typ), "("+e("vec")+" == "+e("vec")+")", "("+e("level")+" > mid)",
			"("+e("error")+" == nil)", "errors.Is("+e("error")+", errBase)", "("+e("[3]int")+" != "+e("[3]int")+")", "tick()")
	case "vec":
		return g.one("(vec{"+e("int")+", "+e("int")+"})", e(typ)+".add("+e(typ)+")", "(*"+g.value("*vec", 0)+")", e("*node")+".vec", "(vec{y: "+e("int")+"})")
	case "*vec":
		return g.one("(&vec{"+e("int")+", 1})", "(&"+g.value("*node", 0)+".vec)")
	case "*node":
		return g.one("newNode("+e("int")+"&3)", "(&node{name: "+e("string")+"})")
	case "[]int":
		return g.one("([]int{"+e("int")+", "+e("int")+"})", "append("+e(typ)+", "+e("int")+")", "append([]int(nil), "+e(typ)+"...)", g.value(typ, 0)+"[:0:0]", "make([]int, "+e("uint8")+"&3)")
	case "[3]int":
		return g.one("([3]int{"+e("int")+", 2: "+e("int")+"})", "([...]int{1, 2, "+e("int")+"})")
	case "sized":
		return g.one("sized("+e("vec")+")", "sized("+e("*node")+")", "sized("+e("*vec")+")")
	case "any":
		return g.one("any("+e("int")+")", "any("+e("level")+")", "any("+e("vec")+")", "any("+e("error")+")", "any("+e("string")+")", "any("+e("[]int")+")", "any("+e("sized")+")", "any(nil)", "any("+e("func(int) int")+")")
	case "error":
		return g.one("error(nil)", "error(&failure{"+e("int")+"&7})", "fmt.Errorf(\"wrapped: %w\", errBase)", "try(func() { say("+e("int")+") })", "try(func() { panic("+e(g.one("string", "level", "any"))+") })",
			"try(func() { say(([]int{1})["+e("uint8")+"&1]) })")
	case "func(int) int":
		q := g.name()
		g.scopes = append(g.scopes, map[string][]string{"int": {q}})
		s := "func(" + q + " int) int { if !tick() { return 0 }; return " + g.value("int", depth-1) + " }"
		g.scopes = g.scopes[:len(g.scopes)-1]
		return g.one(s, "func() func(int) int { c := "+e("int")+"; return func(k int) int { c += k; return c } }()")
	case "bag[string]":
		return "(*new(bag[string]).put(" + e("string") + ").put(" + e("string") + "))"
	case "[]vec":
		return g.one("([]vec{{"+e("int")+", 1}, "+e("vec")+"})", "append("+e(typ)+", "+e("vec")+")")
	}
	return g.literal(typ)
}

func (g *generator) literal(typ string) string {
	switch typ {
	case "int":
		return g.one("zero", "one", "seven", "-seven", "hundred", "num(5)", "num('x')")
	case "int16":
		return g.one("int16(seven)", "(int16(hundred)*300)", "-int16(one)")
	case "uint8":
		return g.one("uint8(zero)", "(uint8(hundred)*2)", "(255 - uint8(seven))", "uint8(num(77))")
	case "string":
		return g.one(`""`, `"a"`, `"héy"`, `"b\xffc"`)
	case "bool":
		return g.one("true", "false")
	case "float64":
		return g.one("0.25", "3", "-1e3")
	case "level":
		return g.one("level(seven)", "lowest", "highest", "(mid - level(one))")
	case "vec":
		return "(vec{1, 2})"
	case "*vec":
		return "(&vec{3, 4})"
	case "*node":
		return "newNode(1)"
	case "[]int":
		return "([]int{4, 5, 6})"
	case "[3]int":
		return "([3]int{1, 2, 3})"
	case "map[string]int":
		return `(map[string]int{"a": 1, "q": 2})`
	case "sized":
		return "sized(vec{5, 6})"
	case "any":
		return "any(mid)"
	case "error":
		return "error(nil)"
	case "func(int) int":
		return "func(a int) int { return a * 2 }"
	case "bag[string]":
		return `(bag[string]{[]string{"z"}})`
	case "[]vec":
		return "([]vec{{1, 1}})"
	}
	return "(" + typ + `{mid: "m"})`
}
