package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"runtime"
)

// hoist evaluates the calls in expressions that belong to one statement, in
// order. What else there is to evaluate comes after them, as with the
// compiler: x + f() reads x when f has returned.
func (f *fn) hoist(list ...ast.Expr) {
	for _, e := range list {
		f.ahead(e, len(list) > 1)
	}
}

// hoistParts evaluates the calls in the operands of e, but not e itself.
func (f *fn) hoistParts(e ast.Expr) { f.ahead(e, false) }

// ahead evaluates the calls in e, and e itself if it is one and whole is set.
func (f *fn) ahead(e ast.Expr, whole bool) {
	e = ast.Unparen(e)
	if e == nil || f.done[e] != "" || f.unit.Info.Types[e].Value != nil || !f.calls(e) {
		return
	}
	switch e := e.(type) {
	case *ast.CallExpr:
		f.callParts(e)
		tv := f.unit.Info.Types[e.Fun]
		_, several := f.typeOf(e).(*types.Tuple)
		if whole && !tv.IsType() && !several {
			if r := f.call(e); len(r) == 1 {
				f.done[e] = r[0]
			}
		}
	case *ast.UnaryExpr:
		f.ahead(e.X, true)
		if e.Op == token.ARROW && whole {
			f.done[e] = f.expr(e)
		}
	case *ast.BinaryExpr:
		if e.Op == token.LAND || e.Op == token.LOR {
			f.ahead(e.X, true)
			f.done[e] = f.logical(e)
			return
		}
		f.ahead(e.X, true)
		f.ahead(e.Y, true)
	case *ast.SelectorExpr:
		f.ahead(e.X, true)
	case *ast.IndexExpr:
		f.ahead(e.X, true)
		f.ahead(e.Index, true)
	case *ast.SliceExpr:
		for _, x := range []ast.Expr{e.X, e.Low, e.High, e.Max} {
			if x != nil {
				f.ahead(x, true)
			}
		}
	case *ast.StarExpr:
		f.ahead(e.X, true)
	case *ast.TypeAssertExpr:
		f.ahead(e.X, true)
	case *ast.CompositeLit:
		for _, x := range e.Elts {
			if kv, ok := x.(*ast.KeyValueExpr); ok {
				if _, field := f.core(e).(*types.Struct); !field {
					f.ahead(kv.Key, true)
				}
				x = kv.Value
			}
			f.ahead(x, true)
		}
	}
}

// callParts evaluates what a call needs. A value that becomes one of an
// interface is copied at its place in the order.
func (f *fn) callParts(e *ast.CallExpr) {
	f.ahead(e.Fun, true)
	sig, _ := f.core(e.Fun).(*types.Signature)
	later := 0
	for _, a := range e.Args {
		if f.calls(a) {
			later++
		}
	}
	for i, a := range e.Args {
		if f.unit.Info.Types[a].IsType() {
			continue
		}
		before := f.calls(a)
		if before {
			later--
		}
		f.ahead(a, len(e.Args) > 1 || sig == nil)
		if later > 0 && sig != nil && f.done[ast.Unparen(a)] == "" && f.unit.Info.Types[a].Value == nil && !f.unit.Info.Types[a].IsNil() {
			t := f.typeOf(a)
			if _, tuple := t.(*types.Tuple); !tuple && isInterface(paramType(sig, i, e.Ellipsis.IsValid())) && !isInterface(t) && boxedEarly(t) {
				f.done[ast.Unparen(a)] = f.copied(f.expr(a), t)
			}
		}
	}
}

// boxedEarly reports whether the compiler copies a value of type t before it
// makes one of an interface: it hands the others to a function that does both.
func boxedEarly(t types.Type) bool {
	switch u := under(t).(type) {
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature, *types.Slice:
		return false
	case *types.Basic:
		if u.Info()&types.IsString != 0 {
			return false
		}
	}
	size, align := sizes.Sizeof(t), sizes.Alignof(t)
	return size != align || size != 2 && size != 4 && size != 8 || pointers(t)
}

var sizes = types.SizesFor("gc", runtime.GOARCH)

// pointers reports whether a value of type t has pointers in it.
func pointers(t types.Type) bool {
	switch u := under(t).(type) {
	case *types.Basic:
		return u.Info()&types.IsString != 0
	case *types.Array:
		return pointers(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if pointers(f.Type()) {
				return true
			}
		}
		return false
	}
	return true
}

// paramType returns the type of the i-th argument.
func paramType(sig *types.Signature, i int, ellipsis bool) types.Type {
	last := sig.Params().Len() - 1
	if sig.Variadic() && i >= last && !ellipsis {
		return under(sig.Params().At(last).Type()).(*types.Slice).Elem()
	}
	return sig.Params().At(i).Type()
}

// calls reports whether evaluating e calls something, or receives.
func (f *fn) calls(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			tv := f.unit.Info.Types[n.Fun]
			if f.unit.Info.Types[n].Value != nil {
				return false
			}
			found = found || !tv.IsType() && !f.pure(n)
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		}
		return !found
	})
	return found
}

// pure reports whether a call is one of a builtin that only looks at things.
func (f *fn) pure(n *ast.CallExpr) bool {
	id, ok := ast.Unparen(n.Fun).(*ast.Ident)
	if !ok {
		return false
	}
	b, ok := f.unit.Info.Uses[id].(*types.Builtin)
	if !ok {
		return false
	}
	switch b.Name() {
	case "new", "min", "max":
		return true
	}
	return false
}
