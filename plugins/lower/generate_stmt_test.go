package lower_test

import (
	"fmt"
	"strings"
)

// statement writes a statement that ends.
func (g *generator) statement() {
	if g.budget--; g.budget < 0 || g.depth > 5 {
		g.linef("say(%s)", g.value("int", 1))
		return
	}
	[]func(){
		g.define, g.define, g.define, g.assign, g.assign, g.several, g.update, g.branches, g.branches,
		g.count, g.ranges, g.ranges, g.overFunc, g.switches, g.types, g.literals, g.deferred, g.show, g.show,
		g.mutate, g.mutate, g.leave, g.call,
	}[g.IntN(23)]()
}

func (g *generator) define() {
	t, v := generatedTypes[g.IntN(len(generatedTypes))], g.name()
	if t == "sized" || t == "error" || t == "any" || g.often(40) {
		g.linef("var %s %s = %s", v, t, g.value(t, 3))
	} else if g.often(15) && t != "*node" && t != "*vec" && t != "func(int) int" && t != "map[string]int" && t != "map[level]string" {
		g.linef("var %s %s", v, t)
	} else {
		g.linef("%s := %s(%s)", v, "func(v "+t+") "+t+" { return v }", g.value(t, 2))
	}
	g.declare(v, t)
}

// target returns something to assign to.
func (g *generator) target() (string, string) {
	switch g.IntN(8) {
	case 0:
		return g.value("*vec", 0) + ".x", "int"
	case 1:
		return g.value("map[string]int", 0) + "[" + g.value("string", 1) + "]", "int"
	case 2:
		if v := g.variable("[3]int"); v != "" {
			return v + "[" + g.value("uint8", 1) + "%3]", "int"
		}
	case 3:
		return g.value("*node", 0) + ".attr[" + g.value("string", 1) + "]", "level"
	case 4:
		if v := g.variable("vec"); v != "" {
			return v + ".y", "int"
		}
	}
	t := g.one("int", "string", "level", "vec", "any", "error", "sized", "bool", "uint8", "[3]int", "[]vec")
	if v := g.variable(t); v != "" {
		return v, t
	}
	return "_", "int"
}

func (g *generator) assign() {
	p, t := g.target()
	if strings.HasPrefix(p, "&") || strings.HasPrefix(p, "newNode(") || strings.HasPrefix(p, "map[") {
		p = "_"
	}
	g.linef("%s = %s", p, g.value(t, 3))
	if p != "_" && t == "string" {
		g.linef("if len(%s) > 60 { %s = %s[:9] }", p, p, p)
	}
}

func (g *generator) several() {
	if g.often(30) {
		a, b := g.name(), g.name()
		g.linef("%s, %s := %s[%s]", a, b, g.value("map[string]int", 0), g.value("string", 2))
		g.declare(a, "int")
		g.declare(b, "bool")
		return
	}
	if g.often(30) {
		a, b := g.name(), g.name()
		t := g.one("int", "level", "vec", "error", "sized", "string")
		g.linef("%s, %s := %s.(%s)", a, b, g.value("any", 2), t)
		if t == "sized" || t == "error" {
			g.linef("say(%s == nil, %s)", a, b)
			return
		}
		g.declare(a, t)
		g.declare(b, "bool")
		return
	}
	t := g.one("int", "string", "vec", "level")
	a, b := g.variable(t), g.variable(t)
	if a != "" && a != b {
		g.linef("%s, %s = %s, %s", a, b, g.one(b, g.value(t, 2)), g.one(a, g.value(t, 2)))
		if t == "string" {
			g.linef("%s, %s = %s[:min(9, len(%s))], %s[:min(9, len(%s))]", a, b, a, a, b, b)
		}
	}
}

func (g *generator) update() {
	t := g.one("int", "uint8", "int16", "level")
	if v := g.variable(t); v != "" {
		if g.often(30) {
			g.linef("%s%s", v, g.one("++", "--"))
		} else {
			g.linef("%s %s= %s", v, g.one("+", "-", "*", "|", "^", "&^"), g.value(t, 2))
		}
	}
}

func (g *generator) branches() {
	if g.often(30) {
		v := g.name()
		g.linef("if %s := %s; %s > 3 {", v, g.value("int", 2), v)
	} else {
		g.linef("if %s {", g.value("bool", 3))
	}
	g.block(3)
	if g.often(40) {
		g.linef("} else if %s {", g.value("bool", 2))
		g.block(2)
	}
	if g.often(50) {
		g.linef("} else {")
		g.block(2)
	}
	g.linef("}")
}

// loop writes the body of a loop, which is cut short when time runs out.
func (g *generator) loop(head string, scope map[string][]string) {
	label := "L" + g.name()
	at := g.out.Len()
	g.linef("%s {", head)
	g.loops = append(g.loops, label)
	g.open(scope)
	g.linef("if !tick() { break }")
	for range 1 + g.IntN(3) {
		g.statement()
	}
	if g.often(40) {
		g.linef("if %s { %s }", g.value("bool", 2), g.one("break", "continue", "break "+g.loops[g.IntN(len(g.loops))], "continue "+g.loops[g.IntN(len(g.loops))]))
	}
	if g.often(25) {
		g.linef("defer func() { say(\"late\") }()")
	}
	g.close()
	g.loops = g.loops[:len(g.loops)-1]
	g.linef("}")
	if text := g.out.String(); strings.Contains(text[at:], "break "+label+" ") || strings.Contains(text[at:], "continue "+label+" ") {
		g.out.Reset()
		g.out.WriteString(text[:at] + label + ":\n" + text[at:])
	}
}

func (g *generator) count() {
	i := g.name()
	switch g.IntN(3) {
	case 0:
		g.loop(fmt.Sprintf("for %s := 0; %s < %d; %s++", i, i, 1+g.IntN(4), i), map[string][]string{})
	case 1:
		g.loop(fmt.Sprintf("for %s := range %d", i, g.IntN(4)), map[string][]string{"int": {i}})
	default:
		fs := g.name()
		g.linef("var %s []func() int", fs)
		g.linef("for %s, k := 0, 9; %s < 3; %s, k = %s+1, k-1 { %s = append(%s, func() int { %s += 2; k--; return %s * k }) }", i, i, i, i, fs, fs, i, i)
		g.linef("for _, f := range %s { say(f(), f()) }", fs)
	}
}

func (g *generator) ranges() {
	k, v := g.name(), g.name()
	switch g.IntN(5) {
	case 0:
		g.loop(fmt.Sprintf("for %s, %s := range %s", k, v, g.value("[]int", 2)), map[string][]string{"int": {k, v}})
	case 1:
		g.loop(fmt.Sprintf("for %s, %s := range %s", k, v, g.value("string", 2)), map[string][]string{"int": {k}, "rune": {v}})
	case 2:
		g.loop(fmt.Sprintf("for %s, %s := range %s", k, v, g.value("[3]int", 2)), map[string][]string{"int": {k, v}})
	case 3:
		g.loop(fmt.Sprintf("for %s, %s := range %s", k, v, g.value("[]vec", 1)), map[string][]string{"int": {k}, "vec": {v}})
	default:
		g.linef("for range %s { %s }", g.value("map[string]int", 0), g.one("left--", "say(\"key\")"))
	}
}

func (g *generator) overFunc() {
	k, v := g.name(), g.name()
	g.loop(fmt.Sprintf("for %s, %s := range %s.all()", k, v, g.value("bag[string]", 1)), map[string][]string{"int": {k}, "string": {v}})
}

func (g *generator) switches() {
	loops := g.loops
	switch g.IntN(3) {
	case 0:
		g.linef("switch %s {", g.value("level", 2))
		for _, c := range []string{"low", "mid, level(2)", "high"} {
			g.linef("case %s:", c)
			g.block(2)
			if c != "high" && g.often(30) {
				g.linef("\tfallthrough")
			}
		}
	case 1:
		g.linef("switch v := %s; {", g.value("int", 2))
		g.linef("case v > %d:", g.IntN(5))
		g.block(2)
		g.linef("case %s:", g.value("bool", 2))
		g.block(2)
	default:
		g.linef("switch %s {", g.value("any", 2))
		g.linef("case %s, %s:", g.value("int", 1), g.value("string", 1))
		g.block(2)
		g.linef("case nil:")
		g.block(1)
	}
	if g.often(60) {
		g.linef("default:")
		g.block(2)
	}
	g.linef("}")
	g.loops = loops
}

func (g *generator) types() {
	g.linef("switch v := %s.(type) {", g.value(g.one("any", "any", "error", "sized"), 2))
	g.linef("case interface{ size() int; add(vec) vec }:\n\tsay(\"both\", v.size())")
	g.linef("case fmt.Stringer:\n\tsay(\"stringer\", v)")
	g.linef("default:\n\tsay(classify(v))")
	g.linef("}")
}

// literals writes a function literal that uses and changes what is around it.
func (g *generator) literals() {
	v, q := g.name(), g.name()
	loops := g.loops
	g.loops = nil
	g.linef("%s := func(%s int) (r int) {", v, q)
	g.open(map[string][]string{"int": {q, "r"}})
	g.linef("if !tick() { return -1 }")
	if g.often(30) {
		g.linef("defer func() { r ^= 1; say(recover() != nil) }()")
	}
	g.statement()
	g.statement()
	if g.often(50) {
		g.linef("r += %s", g.value("int", 2))
		g.ended()
		g.linef("return")
	} else {
		r := g.value("int", 2)
		g.ended()
		g.linef("return %s", r)
	}
	g.close()
	g.linef("}")
	g.loops = loops
	g.declare(v, "func(int) int")
	g.linef("say(%s(%s))", v, g.value("int", 1))
}

func (g *generator) deferred() {
	g.linef("defer %s", g.one("say(\"deferred\", "+g.value("int", 2)+")", g.value("*vec", 1)+".scale("+g.value("int", 1)+")", g.value("func(int) int", 0)+"("+g.value("int", 1)+")"))
}

func (g *generator) show() {
	t := generatedTypes[g.IntN(len(generatedTypes))]
	if v := g.variable(t); v != "" {
		g.linef("say(%s)", g.shown(v, t))
	}
}

func (g *generator) mutate() {
	switch g.IntN(7) {
	case 0:
		if v := g.variable("vec"); v != "" {
			g.linef("%s.scale(%s)", v, g.value("int", 2))
		}
	case 1:
		g.linef("%s.scale(%s)", g.value("*node", 0), g.value("int", 1))
	case 2:
		g.linef("delete(%s, %s)", g.value("map[string]int", 0), g.value("string", 1))
	case 3:
		if v := g.variable("bag[string]"); v != "" {
			g.linef("%s.put(%s).put(%s)", v, g.value("string", 1), g.value("string", 1))
			g.linef("if len(%s.items) > 9 { %s.items = %s.items[:2] }", v, v, v)
		}
	case 4:
		if v := g.variable("[]int"); v != "" {
			g.linef("copy(%s, %s)", v, g.value("[]int", 1))
			g.linef("if len(%s) > 9 { %s = %s[2:4] }", v, v, v)
		}
	case 5:
		if v := g.variable("[]vec"); v != "" {
			g.linef("if len(%s) > 0 { %s[0].scale(2) }", v, v)
		}
	default:
		if v := g.variable("func(int) int"); v != "" {
			g.linef("say(%s(%s), %s(1))", v, g.value("int", 2), v)
		}
	}
}

func (g *generator) leave() {
	if g.depth < 2 || len(g.loops) == 0 || !g.often(50) {
		return
	}
	g.linef("if %s { %s }", g.value("bool", 2), g.one("break", "continue"))
}

func (g *generator) call() {
	if g.funcs == 0 {
		return
	}
	a, b := g.name(), g.name()
	g.linef("%s, %s := f%d(%s, %s)", a, b, g.IntN(g.funcs), g.value("int", 2), g.value("string", 1))
	g.declare(a, "int")
	g.declare(b, "error")
}
