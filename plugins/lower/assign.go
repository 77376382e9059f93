package lower

import (
	"go/ast"
	"go/token"
	"go/types"
)

// A place is something that can be assigned to: what text says, an element of
// a map, or nothing at all.
type place struct {
	text   string
	m, key string // of a map
	typ    types.Type
	late   []func() // checks of its bounds
}

// store assigns a value of the place's own type.
func (f *fn) store(p place, value string) {
	for _, check := range p.late {
		check()
	}
	switch {
	case p.m != "":
		f.emitf("%s[%s] = %s", p.m, p.key, f.named(value, p.typ))
	case p.text != "" && p.text != value:
		f.emitf("%s = %s", p.text, value)
	}
}

// lvalue evaluates the operands of e, which is assigned to later.
func (f *fn) lvalue(e ast.Expr) place {
	e = ast.Unparen(e)
	if id, ok := e.(*ast.Ident); ok && id.Name == "_" {
		return place{}
	}
	t := f.typeOf(e)
	if ix, ok := e.(*ast.IndexExpr); ok {
		if m, ok := f.core(ix.X).(*types.Map); ok {
			mt := f.typeOf(ix.X)
			return place{m: f.atomic(f.expr(ix.X), mt), key: f.atomic(f.convert(ix.Index, m.Key()), m.Key()), typ: t}
		}
	}
	return place{text: f.path(e, true), typ: t}
}

func (f *fn) assign(s *ast.AssignStmt) {
	switch s.Tok {
	case token.DEFINE:
		f.defineAll(s.Lhs, s.Rhs)
	case token.ASSIGN:
		f.assignAll(s.Lhs, s.Rhs)
	default:
		op := s.Tok + token.ADD - token.ADD_ASSIGN
		f.update(s.Lhs[0], op, s.Rhs[0])
	}
}

// update lowers x op= y; a nil y is 1.
func (f *fn) update(x ast.Expr, op token.Token, y ast.Expr) {
	t := f.typeOf(x)
	f.hoistParts(x)
	right := "1"
	if y != nil {
		f.hoist(y)
	}
	p := f.lvalue(x)
	old := p.text
	if p.m != "" {
		old = p.m + "[" + p.key + "]"
	}
	if !isVar(old) {
		old = f.set(f.typ(t), old)
	}
	if y != nil {
		right = f.expr(y)
		if op == token.SHL || op == token.SHR {
			right = f.shiftCount(right, y)
		}
	} else if basic(t)&types.IsComplex != 0 {
		right = f.set(f.typ(t), "1")
	}
	value := old + " " + op.String() + " " + f.operand(right, t)
	if isVar(p.text) {
		f.emitf("%s = %s", p.text, value)
		return
	}
	f.store(p, f.set(f.typ(t), value))
}

// defineAll lowers a short variable declaration, or one with values. Some of
// the variables may be there already.
func (f *fn) defineAll(lhs, rhs []ast.Expr) {
	if len(lhs) == 1 && len(rhs) == 1 {
		f.hoist(rhs[0])
		f.defineOne(lhs[0], f.convert(rhs[0], f.lhsType(lhs[0], rhs[0])))
		return
	}
	values, from := f.values(rhs)
	for i, e := range lhs {
		if from != nil {
			if t := f.lhsType(e, nil); t != nil {
				values[i] = f.toType(values[i], from[i], t)
			}
		} else {
			t := f.lhsType(e, rhs[i])
			values[i] = f.atomic(f.convert(rhs[i], t), t)
		}
	}
	for i, e := range lhs {
		f.defineOne(e, values[i])
	}
}

// lhsType returns the type of what is assigned to; that of the value for a
// blank, or nil.
func (f *fn) lhsType(lhs, rhs ast.Expr) types.Type {
	id, ok := ast.Unparen(lhs).(*ast.Ident)
	if ok && id.Name == "_" {
		if rhs == nil {
			return nil
		}
		return types.Default(f.typeOf(rhs))
	}
	if ok {
		if obj := f.unit.Info.Defs[id]; obj != nil {
			return f.subst(obj.Type(), f.env)
		}
	}
	return f.typeOf(lhs)
}

func (f *fn) defineOne(e ast.Expr, value string) {
	id := e.(*ast.Ident)
	if id.Name == "_" {
		return
	}
	if obj := f.unit.Info.Defs[id]; obj != nil {
		f.define(obj, value)
		return
	}
	f.store(f.lvalue(e), value)
}

// assignAll evaluates operands on the left and values on the right, and then
// assigns from left to right.
func (f *fn) assignAll(lhs, rhs []ast.Expr) {
	if len(lhs) == 1 && len(rhs) == 1 {
		f.hoistParts(lhs[0])
		f.hoist(rhs[0])
		t := f.lhsType(lhs[0], rhs[0])
		if id, ok := ast.Unparen(lhs[0]).(*ast.Ident); ok {
			if v, ok := f.unit.Info.Uses[id].(*types.Var); ok && f.vars[v] != nil && !f.vars[v].cell {
				name := f.use(f.vars[v])
				if value := f.exprTo(rhs[0], t, name); value != name {
					f.emitf("%s = %s", name, value)
				}
				return
			}
		}
		p := f.lvalue(lhs[0])
		value := f.convert(rhs[0], t)
		if p.text == "" && p.m == "" {
			f.atomic(value, t) // it may panic
		}
		f.store(p, value)
		return
	}
	for _, e := range lhs {
		f.hoistParts(e)
	}
	if len(lhs) == len(rhs) {
		f.hoist(rhs...)
	}
	places := make([]place, len(lhs))
	for i, e := range lhs {
		places[i] = f.held(e)
	}
	if len(lhs) != len(rhs) {
		values, from := f.values(rhs)
		for i, p := range places {
			if p.typ != nil {
				f.store(p, f.toType(values[i], from[i], p.typ))
			}
		}
		return
	}
	values := make([]string, len(rhs))
	for i, e := range rhs {
		t := f.lhsType(lhs[i], e)
		values[i] = f.copied(f.convert(e, t), t)
	}
	for i, p := range places {
		f.store(p, values[i])
	}
}

// values evaluates the right side of an assignment to several variables. For a
// single expression it returns the values and their types; for several it only
// evaluates their calls.
func (f *fn) values(rhs []ast.Expr) ([]string, []types.Type) {
	if len(rhs) > 1 {
		f.hoist(rhs...)
		return make([]string, len(rhs)), nil
	}
	e := ast.Unparen(rhs[0])
	f.hoistParts(e)
	boolean := types.Typ[types.Bool]
	switch e := e.(type) {
	case *ast.CallExpr:
		var from []types.Type
		tuple := f.typeOf(e).(*types.Tuple)
		for v := range tuple.Variables() {
			from = append(from, v.Type())
		}
		return f.call(e), from
	case *ast.IndexExpr:
		m := f.core(e.X).(*types.Map)
		v, ok := f.set(f.typ(m.Elem()), f.zero(m.Elem())), f.set("bool", "false")
		x := f.atomic(f.expr(e.X), f.typeOf(e.X))
		k := f.named(f.convert(e.Index, m.Key()), m.Key())
		f.emitf("%s, %s = %s[%s]", v, ok, x, k)
		return []string{v, ok}, []types.Type{m.Elem(), boolean}
	case *ast.TypeAssertExpr:
		t := f.subst(f.unit.Info.TypeOf(e.Type), f.env)
		v, ok := f.assert(f.expr(e.X), f.typeOf(e.X), t)
		return []string{v, ok}, []types.Type{t, boolean}
	case *ast.UnaryExpr:
		elem := f.elem(e.X)
		v, ok := f.fresh(f.typ(elem)), f.fresh("bool")
		f.emitf("%s, %s = <-%s", v, ok, f.named(f.expr(e.X), f.typeOf(e.X)))
		return []string{v, ok}, []types.Type{elem, boolean}
	}
	f.refuse(e.Pos(), "%T of several values can't be lowered", e)
	return []string{"", ""}, []types.Type{boolean, boolean}
}

// held evaluates the operands of e as they are now: a later assignment of the
// same statement may change them. Whether there is such a place is looked at
// when something is assigned to it.
func (f *fn) held(e ast.Expr) place {
	var late []func()
	f.late = &late
	p := f.lvalue(e)
	f.late = nil
	p.late = late
	return p
}

// initVars initialises package variables.
func (f *fn) initVars(init *types.Initializer) {
	f.at(init.Rhs)
	if len(init.Lhs) == 1 {
		v := init.Lhs[0]
		t := v.Type()
		f.hoist(init.Rhs)
		value := f.atomic(f.convert(init.Rhs, t), t)
		if v.Name() != "_" {
			f.emitf("%s = %s", f.global(v), value)
		}
		return
	}
	values, from := f.values([]ast.Expr{init.Rhs})
	for i, v := range init.Lhs {
		if v.Name() != "_" {
			f.emitf("%s = %s", f.global(v), f.toType(values[i], from[i], v.Type()))
		}
	}
}
