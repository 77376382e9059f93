package lower

import (
	"go/ast"
	"go/types"
)

// typeSwitch lowers a type switch: one assertion after the other.
func (f *fn) typeSwitch(s *ast.TypeSwitchStmt, name string) {
	if s.Init != nil {
		f.stmt(s.Init)
		f.at(s)
	}
	var guard *ast.TypeAssertExpr
	switch a := s.Assign.(type) {
	case *ast.ExprStmt:
		guard = ast.Unparen(a.X).(*ast.TypeAssertExpr)
	case *ast.AssignStmt:
		guard = ast.Unparen(a.Rhs[0]).(*ast.TypeAssertExpr)
	}
	f.hoist(guard.X)
	from := f.typeOf(guard.X)
	x := f.copied(f.expr(guard.X), from)
	l := &label{name: name, exit: f.unique("L", name), owner: f, isSwitch: true}
	f.enclosed(l, func() {
		depth := 0
		var other *ast.CaseClause
		for _, c := range s.Body.List {
			c := c.(*ast.CaseClause)
			if c.List == nil {
				other = c
				continue
			}
			f.typeClause(c, x, from)
			depth++
		}
		if other != nil {
			f.bind(other, x)
			f.stmts(other.Body)
		}
		for range depth {
			f.emitf("}")
		}
	})
}

// typeClause tests for the types of a clause and leaves its else open.
func (f *fn) typeClause(c *ast.CaseClause, x string, from types.Type) {
	f.at(c)
	mark := len(f.used)
	if len(c.List) == 1 {
		v, ok := f.typeCase(c.List[0], x, from)
		f.emitf("if %s {", ok)
		f.bind(c, v)
	} else {
		any := f.set("bool", "false")
		for _, e := range c.List {
			f.emitf("if %s {", any)
			f.emitf("} else {")
			_, ok := f.typeCase(e, x, from)
			f.emitf("%s = %s", any, ok)
			f.emitf("}")
		}
		f.emitf("if %s {", any)
		f.bind(c, x)
	}
	f.release(mark)
	f.stmts(c.Body)
	f.emitf("} else {")
}

// typeCase returns the value as one of the case's type, and whether it is one.
func (f *fn) typeCase(e ast.Expr, x string, from types.Type) (value, ok string) {
	if f.unit.Info.Types[e].IsNil() {
		return x, f.set("bool", x+" == nil")
	}
	return f.assert(x, from, f.subst(f.unit.Info.TypeOf(e), f.env))
}

// bind declares the variable of a clause.
func (f *fn) bind(c *ast.CaseClause, value string) {
	if obj := f.unit.Info.Implicits[c]; obj != nil {
		f.define(obj, value)
	}
}
