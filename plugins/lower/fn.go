package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// A fn is a function or function literal that is being lowered.
type fn struct {
	*program
	unit   *Unit
	env    env
	parent *fn // the function around a literal
	*shared

	head     []line // declarations
	lines    []line
	pos      token.Pos
	used     []temp              // temporaries of the running statements
	free     map[string][]string // temporaries by type
	captured []*variable         // of functions around this one

	sig     *types.Signature
	results []*variable           // they have names in the lowered function, or are set by literals
	leave   func(values []string) // what a return does
	token   *variable             // of recover, if the function calls it
	defers  *variable             // the list of deferred calls
	labels  []*label
	yields  *yielding // the loop whose body this is
	knowns  []known   // what the loops around say
	late    *[]func() // checks that wait for an assignment
	next    string    // the label of the next statement
	version string    // of the language, in the file
}

// shared is what a function and its literals have in common.
type shared struct {
	vars    map[types.Object]*variable
	cellsOf map[types.Object]bool
	done    map[ast.Expr]string // operands that were evaluated ahead of others
	gotos   map[types.Object]string
}

type temp struct{ name, typ string }

// A variable is a local one. A cell is a pointer to what several functions, or
// pointers of the script, may change.
type variable struct {
	name  string
	typ   types.Type
	text  string // its type, when typ is nil
	cell  bool
	owner *fn
}

func (p *program) newFn(u *Unit, e env, pos token.Pos) *fn {
	return &fn{
		program: p, unit: u, env: e, pos: pos, free: map[string][]string{},
		shared: &shared{vars: map[types.Object]*variable{}, done: map[ast.Expr]string{}, gotos: map[types.Object]string{}},
	}
}

// literal returns a function within f.
func (f *fn) literal(sig *types.Signature) *fn {
	return &fn{
		program: f.program, unit: f.unit, env: f.env, parent: f, shared: f.shared, pos: f.pos,
		free: map[string][]string{}, sig: sig, version: f.version,
	}
}

func (f *fn) at(n ast.Node) {
	if n != nil && n.Pos().IsValid() {
		f.pos = n.Pos()
		f.program.pos = n.Pos()
	}
}

// emitf adds a line.
func (f *fn) emitf(format string, args ...any) {
	f.lines = append(f.lines, line{f.pos, fmt.Sprintf(format, args...)})
}

// failing adds a line that ends the script, or may.
func (f *fn) failing(format string, args ...any) {
	if n := len(f.places); n == 0 || f.places[n-1] != f.pos {
		f.places = append(f.places, f.pos)
	}
	f.emitf("h.At(%d)", len(f.places)-1)
	f.emitf(format, args...)
}

func (f *fn) declare(name, typ string) {
	f.head = append(f.head, line{f.pos, "var " + name + " " + typ})
}

// fresh returns a temporary that is used for one purpose only.
func (f *fn) fresh(typ string) string {
	name := f.unique("t", "")
	f.declare(name, typ)
	return name
}

// temp returns a temporary that is free again at the end of the statement.
func (f *fn) temp(typ string) string {
	var name string
	if list := f.free[typ]; len(list) > 0 {
		name = list[len(list)-1]
		f.free[typ] = list[:len(list)-1]
	} else {
		name = f.fresh(typ)
	}
	f.used = append(f.used, temp{name, typ})
	return name
}

// release frees the temporaries that were taken since mark.
func (f *fn) release(mark int) {
	for _, t := range f.used[mark:] {
		f.free[t.typ] = append(f.free[t.typ], t.name)
	}
	f.used = f.used[:mark]
}

// set stores the value in a temporary of that lowered type.
func (f *fn) set(typ, value string) string {
	t := f.temp(typ)
	f.emitf("%s = %s", t, value)
	return t
}

// text returns the variable's lowered type.
func (f *fn) textOf(v *variable) string {
	if v.typ == nil {
		return v.text
	}
	if v.cell {
		return "*" + f.typ(v.typ)
	}
	return f.typ(v.typ)
}

// local declares a variable of f. Its value is whatever it was before.
func (f *fn) local(name string, t types.Type, cell bool) *variable {
	v := &variable{name: f.unique("v", name), typ: t, cell: cell, owner: f}
	f.declare(v.name, f.textOf(v))
	return v
}

// define declares the variable that obj is and gives it a value; "" is zero.
func (f *fn) define(obj types.Object, value string) *variable {
	t := f.subst(obj.Type(), f.env)
	v := f.vars[obj]
	if v == nil || v.owner != f {
		v = f.local(obj.Name(), t, f.cellsOf[obj])
		f.vars[obj] = v
	}
	f.renew(v, value)
	return v
}

// renew makes the variable one of its own and gives it a value.
func (f *fn) renew(v *variable, value string) {
	if v.cell {
		f.emitf("%s = new(%s)", v.name, f.typ(v.typ))
		if value != "" {
			f.emitf("*%s = %s", v.name, value)
		}
		return
	}
	if value == "" {
		value = f.zero(v.typ)
	}
	f.emitf("%s = %s", v.name, value)
}

// use returns the name of a variable, and has the literals between it and f
// capture it.
func (f *fn) use(v *variable) string {
	for g := f; g != nil && g != v.owner; g = g.parent {
		if !slices.Contains(g.captured, v) {
			g.captured = append(g.captured, v)
		}
	}
	return v.name
}

// place returns the variable as an operand that can be assigned to.
func (f *fn) place(v *variable) string {
	if v.cell {
		return "*" + f.use(v)
	}
	return f.use(v)
}

// finish returns the function's lines under that head.
func (f *fn) finish(head string, pos token.Pos) []line {
	lines := append([]line{{pos, head + " {"}}, f.head...)
	lines = append(lines, f.lines...)
	return append(lines, line{pos, "}"})
}

// make puts g, a literal in f, into a function of its own that returns it, and
// returns the call that makes the literal's value.
func (f *fn) make(g *fn, params string) string {
	return f.maker(g, "func"+f.signature(g.sig), "func"+params)
}

// maker does so for a literal of that lowered type, which begins with head.
func (f *fn) maker(g *fn, typ, head string) string {
	name := f.unique("mk", "")
	var in, args, typs []string
	var lines []line
	for _, v := range g.captured {
		decl, take := f.received(v.name, f.textOf(v))
		in = append(in, decl)
		lines = append(lines, take...)
		args, typs = append(args, f.use(v)), append(typs, f.textOf(v))
	}
	lines = append([]line{{f.pos, "func " + name + "(" + strings.Join(in, ", ") + ") " + typ + " {"}}, lines...)
	lines = append(lines, g.finish("return "+head, f.pos)...)
	f.emit(append(lines, line{f.pos, "}"}))
	return name + "(" + f.pass(args, typs) + ")"
}

// closure returns the name of a function that returns a function value of that
// signature, which does what call says with its arguments; bound are the names
// and types of what is known before.
func (p *program) closure(sig *types.Signature, call func(args []string) string, bound []temp) string {
	name := p.unique("mk", "")
	var in, args, params, out []string
	var taken []line
	for _, b := range bound {
		decl, take := p.received(b.name, b.typ)
		in = append(in, decl)
		taken = append(taken, take...)
	}
	for i := range sig.Params().Len() {
		arg := fmt.Sprint("a", i)
		typ := p.typ(sig.Params().At(i).Type())
		if sig.Variadic() && i == sig.Params().Len()-1 {
			typ = "..." + strings.TrimPrefix(typ, "[]")
		}
		args = append(args, arg)
		params = append(params, arg+" "+typ)
	}
	for v := range sig.Results().Variables() {
		out = append(out, p.typ(v.Type()))
	}
	var rs []string
	head := "func(" + strings.Join(params, ", ") + ")" + results(out)
	lines := []line{{token.NoPos, "func " + name + "(" + strings.Join(in, ", ") + ") func" + p.signature(sig) + " {"}}
	lines = append(lines, taken...)
	lines = append(lines, line{token.NoPos, "return " + head + " {"})
	for i, typ := range out {
		rs = append(rs, fmt.Sprint("r", i))
		lines = append(lines, line{token.NoPos, "var " + rs[i] + " " + typ})
	}
	text := call(args)
	if len(rs) > 0 {
		list := strings.Join(rs, ", ")
		lines = append(lines, line{token.NoPos, list + " = " + text}, line{token.NoPos, "return " + list})
	} else {
		lines = append(lines, line{token.NoPos, text})
	}
	p.emit(append(lines, line{token.NoPos, "}"}, line{token.NoPos, "}"}))
	return name
}
