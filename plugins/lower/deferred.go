package lower

import (
	"go/ast"
	"go/types"
)

// deferStmt evaluates what is called and with what, and leaves the call to the
// host for the function's end.
func (f *fn) deferStmt(s *ast.DeferStmt) {
	call := s.Call
	list := f.defersList()
	if list == nil {
		f.refuse(s.Pos(), "defer can't be lowered here")
		return
	}
	none := types.NewSignatureType(nil, nil, nil, nil, nil, false)
	f.callParts(call)
	if f.unit.Info.Types[call.Fun].IsBuiltin() || f.isSpecial(call) {
		f.deferLiteral(call, list)
		return
	}
	p := f.plan(call)
	var bound []temp
	var names, values []string
	for i, v := range p.args {
		name := f.unique("b", "")
		bound = append(bound, temp{name, p.types[i]})
		names = append(names, name)
		values = append(values, v)
	}
	mk := f.closure(none, func([]string) string { return p.call(names) }, bound)
	if s, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && f.isMethod(s) && isInterface(f.typeOf(s.X)) {
		f.emitf("if %s == nil {", p.args[0])
		f.failing("h.Nil()")
		f.emitf("}")
	}
	fv := f.fresh("func()")
	f.emitf("%s = %s(%s)", fv, mk, f.pass(values, p.types))
	add := "Add"
	if f.plain(call.Fun) {
		add = "AddPlain"
	}
	f.emitf("%s.%s(%s)", f.use(list), add, fv)
}

// plain reports whether a function is known not to recover.
func (f *fn) plain(fun ast.Expr) bool {
	var id *ast.Ident
	switch e := ast.Unparen(fun).(type) {
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		id = e.Sel
	default:
		return false
	}
	fn, ok := f.unit.Info.Uses[id].(*types.Func)
	if !ok {
		return false
	}
	decl := f.decls[fn.Origin()]
	return decl != nil && decl.Body != nil && !recovers(decl.Body, f.unitOf[fn.Pkg()].Info)
}

// defersList returns the variable that holds the deferred calls.
func (f *fn) defersList() *variable {
	for g := f; g != nil; g = g.parent {
		if g.defers != nil {
			return g.defers
		}
		if !g.inner() {
			return nil
		}
	}
	return nil
}

// deferLiteral defers a literal that makes the call, with arguments that are
// evaluated now.
func (f *fn) deferLiteral(call *ast.CallExpr, list *variable) {
	if builtinName(call.Fun) == "recover" && f.unit.Info.Types[call.Fun].IsBuiltin() {
		return // not called by a deferred function
	}
	g := f.literal(types.NewSignatureType(nil, nil, nil, nil, nil, false))
	for _, a := range call.Args {
		if tv := f.unit.Info.Types[a]; tv.IsType() || tv.Value != nil || tv.IsNil() {
			continue
		}
		t := f.typeOf(a)
		v := f.local("arg", t, false)
		f.emitf("%s = %s", v.name, f.expr(a))
		g.done[ast.Unparen(a)] = g.use(v)
	}
	g.call(call)
	g.emitf("return")
	fv := f.fresh("func()")
	f.emitf("%s = %s", fv, f.make(g, "()"))
	f.emitf("%s.Add(%s)", f.use(list), fv)
}
