package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// rangeStmt lowers a range loop as one that counts. Each round ends where the
// next begins, so that continue needs nothing more.
func (f *fn) rangeStmt(s *ast.RangeStmt, name string) {
	f.hoist(s.X)
	t := f.typeOf(s.X)
	if sig, ok := under(t).(*types.Signature); ok {
		f.rangeFunc(s, name, sig)
		return
	}
	if !f.modern() || s.Tok == token.ASSIGN {
		f.sharedVars(s)
	}
	f.knowns = append(f.knowns, f.rangesOver(s))
	defer func() { f.knowns = f.knowns[:len(f.knowns)-1] }()
	l := &label{name: name, exit: f.unique("L", name), owner: f}
	switch u := under(t).(type) {
	case *types.Basic:
		if u.Info()&types.IsString != 0 {
			f.rangeString(s, l)
		} else {
			f.rangeInt(s, l, t)
		}
	case *types.Slice:
		x := f.set(f.typ(t), f.expr(s.X))
		f.rangeIndex(s, l, f.set("int", "len("+x+")"), x+"[%s]", u.Elem())
	case *types.Array:
		x := ""
		if s.Value != nil || f.calls(s.X) {
			x = f.set(f.typ(t), f.expr(s.X))
		}
		f.rangeIndex(s, l, fmt.Sprint(u.Len()), x+"[%s]", u.Elem())
	case *types.Pointer:
		a := under(u.Elem()).(*types.Array)
		x := ""
		if s.Value != nil {
			x = f.set(f.typ(t), f.expr(s.X))
		} else {
			f.expr(s.X)
		}
		f.rangeIndex(s, l, fmt.Sprint(a.Len()), x+"[%s]", a.Elem())
	case *types.Map:
		f.rangeMap(s, l, u)
	case *types.Chan:
		f.rangeChan(s, l, u)
	default:
		f.refuse(s.X.Pos(), "range over %s can't be lowered", typeName(t))
	}
}

// sharedVars declares variables that all rounds have in common.
func (f *fn) sharedVars(s *ast.RangeStmt) {
	for _, e := range []ast.Expr{s.Key, s.Value} {
		if id, ok := e.(*ast.Ident); ok && s.Tok == token.DEFINE && id.Name != "_" {
			f.define(f.unit.Info.Defs[id], "")
		}
	}
}

// iterate gives key or value of a range loop its value for the round.
func (f *fn) iterate(s *ast.RangeStmt, e ast.Expr, value string, t types.Type) {
	id, ok := e.(*ast.Ident)
	switch {
	case e == nil || ok && id.Name == "_":
	case s.Tok == token.DEFINE && f.modern():
		f.define(f.unit.Info.Defs[id], value)
	case s.Tok == token.DEFINE:
		f.emitf("%s = %s", f.place(f.vars[f.unit.Info.Defs[id]]), value)
	default:
		p := f.lvalue(e)
		f.store(p, f.toType(value, t, p.typ))
	}
}

func used(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return e != nil && (!ok || id.Name != "_")
}

func (f *fn) rangeIndex(s *ast.RangeStmt, l *label, n, elem string, t types.Type) {
	i := f.set("int", "-1")
	f.emitf("%s: for {", l.exit)
	f.emitf("%s = %s + 1", i, i)
	f.emitf("if %s >= %s {", i, n)
	f.emitf("break %s", l.exit)
	f.emitf("}")
	f.iterate(s, s.Key, i, types.Typ[types.Int])
	if used(s.Value) {
		mark := len(f.used)
		value := fmt.Sprintf(elem, i)
		if s.Tok != token.DEFINE {
			value = f.set(f.typ(t), value)
		}
		f.iterate(s, s.Value, value, t)
		f.release(mark)
	}
	f.loopBody(l, s.Body, false)
	f.emitf("}")
}

func (f *fn) rangeInt(s *ast.RangeStmt, l *label, t types.Type) {
	typ := f.typ(t)
	n := f.set(typ, f.expr(s.X))
	i, next := f.temp(typ), f.set(typ, "0")
	f.emitf("%s: for {", l.exit)
	f.emitf("%s = %s", i, next)
	f.emitf("if %s >= %s {", i, n)
	f.emitf("break %s", l.exit)
	f.emitf("}")
	f.emitf("%s = %s + 1", next, i)
	f.iterate(s, s.Key, i, t)
	f.loopBody(l, s.Body, false)
	f.emitf("}")
}

func (f *fn) rangeString(s *ast.RangeStmt, l *label) {
	x := f.set("string", f.expr(s.X))
	i, next, r, b := f.temp("int"), f.set("int", "0"), f.temp("int32"), f.temp("uint8")
	f.emitf("%s: for {", l.exit)
	f.emitf("%s = %s", i, next)
	f.emitf("if %s >= len(%s) {", i, x)
	f.emitf("break %s", l.exit)
	f.emitf("}")
	f.emitf("%s = %s[%s]", b, x, i)
	f.emitf("if %s < 128 {", b)
	f.emitf("%s = int32(%s)", r, b)
	f.emitf("%s = %s + 1", next, i)
	f.emitf("} else {")
	rest, size := f.temp("string"), f.temp("int")
	f.emitf("%s = %s[%s:]", rest, x, i)
	f.emitf("%s, %s = h.Rune(%s)", r, size, rest)
	f.emitf("%s = %s + %s", next, i, size)
	f.emitf("}")
	f.iterate(s, s.Key, i, types.Typ[types.Int])
	f.iterate(s, s.Value, r, types.Typ[types.Int32])
	f.loopBody(l, s.Body, false)
	f.emitf("}")
}

// rangeMap goes over the keys that the map has at first, as far as they are
// still there.
func (f *fn) rangeMap(s *ast.RangeStmt, l *label, t *types.Map) {
	m := f.set(f.typ(f.typeOf(s.X)), f.expr(s.X))
	key, elem := f.typ(t.Key()), f.typ(t.Elem())
	odd := f.odd(t.Key())
	any, vals := f.temp("h.Any"), ""
	if odd {
		other := f.temp("h.Any")
		f.emitf("%s, %s = h.Pairs(%s)", any, other, m)
		vals = f.set("[]"+elem, other+".([]"+elem+")")
	} else {
		f.emitf("%s = h.Keys(%s)", any, m)
	}
	keys := f.set("[]"+key, any+".([]"+key+")")
	i, k, v, ok := f.set("int", "-1"), f.temp(key), f.temp(elem), f.temp("bool")
	f.emitf("%s: for {", l.exit)
	f.emitf("%s = %s + 1", i, i)
	f.emitf("if %s >= len(%s) {", i, keys)
	f.emitf("break %s", l.exit)
	f.emitf("}")
	f.emitf("%s = %s[%s]", k, keys, i)
	f.emitf("%s, %s = %s[%s]", v, ok, m, k)
	f.emitf("if %s {", ok)
	f.emitf("} else {")
	if odd {
		f.emitf("%s = len(%s) == 0", ok, m) // cleared
		f.emitf("if %s {", ok)
		f.emitf("continue %s", l.exit)
		f.emitf("}")
		f.emitf("%s = %s == %s", ok, k, k)
		f.emitf("if %s {", ok)
		f.emitf("continue %s", l.exit)
		f.emitf("}")
		f.emitf("%s = %s[%s]", v, vals, i)
	} else {
		f.emitf("continue %s", l.exit)
	}
	f.emitf("}")
	f.iterate(s, s.Key, k, t.Key())
	f.iterate(s, s.Value, v, t.Elem())
	f.loopBody(l, s.Body, false)
	f.emitf("}")
}

// odd reports whether keys of type t may differ from themselves, as NaN does,
// and so can't be looked up.
func (f *fn) odd(t types.Type) bool {
	switch u := under(t).(type) {
	case *types.Basic:
		return u.Info()&(types.IsFloat|types.IsComplex) != 0
	case *types.Array:
		return f.odd(u.Elem())
	case *types.Struct:
		for field := range u.Fields() {
			if f.odd(field.Type()) {
				return true
			}
		}
	case *types.Interface:
		return true
	}
	return false
}

func (f *fn) rangeChan(s *ast.RangeStmt, l *label, t *types.Chan) {
	c := f.set(f.typ(f.typeOf(s.X)), f.expr(s.X))
	v, ok := f.fresh(f.typ(t.Elem())), f.fresh("bool")
	f.emitf("%s: for {", l.exit)
	f.emitf("%s, %s = <-%s", v, ok, c)
	f.emitf("if %s {", ok)
	f.emitf("} else {")
	f.emitf("break %s", l.exit)
	f.emitf("}")
	f.iterate(s, s.Key, v, t.Elem())
	f.loopBody(l, s.Body, false)
	f.emitf("}")
}

// A yielding is a range loop over a function. Its body is a literal, which
// says by code where to go on if not after the loop.
type yielding struct {
	code    *variable
	results []*variable // what a return statement in it returns
	exits   []exit
	returns bool
}

type exit struct {
	tok token.Token
	to  *label
}

func (f *fn) rangeFunc(s *ast.RangeStmt, name string, sig *types.Signature) {
	callee := f.expr(s.X)
	over := f.set(f.typ(f.typeOf(s.X)), callee)
	y := &yielding{}
	integer := types.Typ[types.Int]
	y.code = f.local("code", integer, true)
	f.renew(y.code, "")
	done := f.local("over", types.Typ[types.Bool], true)
	f.renew(done, "")
	if !f.modern() || s.Tok == token.ASSIGN {
		f.sharedVars(s)
	}
	results := f.outer().sig.Results()
	for v := range results.Variables() {
		r := f.local("r", v.Type(), true)
		f.renew(r, "")
		y.results = append(y.results, r)
	}
	yield := under(sig.Params().At(0).Type()).(*types.Signature)
	g := f.literal(yield)
	g.yields = y
	var params []string
	exprs := []ast.Expr{s.Key, s.Value}
	names := make([]string, yield.Params().Len())
	for i := range names {
		names[i] = g.unique("y", "")
		params = append(params, names[i]+" "+f.typ(yield.Params().At(i).Type()))
	}
	g.emitf("if %s {", g.set("bool", g.place(done)))
	g.failing("h.Yielded()")
	g.emitf("}")
	for i, arg := range names {
		g.iterate(s, exprs[i], arg, yield.Params().At(i).Type())
	}
	g.leave = func(values []string) {
		y.returns = true
		for i, v := range y.results {
			g.emitf("%s = %s", g.place(v), values[i])
		}
		g.emitf("%s = -1", g.place(y.code))
		g.emitf("return false")
	}
	g.labels = append(g.labels, &label{name: name, owner: g, loop: y})
	g.stmts(s.Body.List)
	g.emitf("return true")
	lit := f.fresh("func" + f.signature(yield))
	f.emitf("%s = %s", lit, f.make(g, "("+strings.Join(params, ", ")+") bool"))
	f.emitf("%s(%s)", over, lit)
	f.emitf("%s = true", f.place(done))
	f.follow(y)
}

// follow goes where the body of the loop said.
func (f *fn) follow(y *yielding) {
	code := f.set("int", f.place(y.code))
	if y.returns {
		f.emitf("if %s == -1 {", code)
		var values []string
		for _, v := range y.results {
			values = append(values, f.set(f.typ(v.typ), f.place(v)))
		}
		f.leave(values)
		f.emitf("}")
	}
	for i, e := range y.exits {
		f.emitf("if %s == %d {", code, i+1)
		f.jump(e.tok, e.to)
		f.emitf("}")
	}
}

// leap leaves the body of a loop over a function.
func (f *fn) leap(tok token.Token, l *label) {
	if l.owner == f {
		f.emitf("return %v", tok == token.CONTINUE)
		return
	}
	y := f.yields
	e := exit{tok, l}
	n := 0
	for i, known := range y.exits {
		if known == e {
			n = i + 1
		}
	}
	if n == 0 {
		y.exits = append(y.exits, e)
		n = len(y.exits)
	}
	f.emitf("%s = %d", f.place(y.code), n)
	f.emitf("return false")
}
