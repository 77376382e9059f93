package lower

import (
	"go/ast"
	"go/types"
	"strings"
)

// selector evaluates a field, a method as a value, or what another package
// declares.
func (f *fn) selector(e *ast.SelectorExpr, t types.Type) string {
	sel := f.unit.Info.Selections[e]
	switch {
	case sel == nil:
		switch obj := f.unit.Info.Uses[e.Sel].(type) {
		case *types.Var:
			if f.unitOf[obj.Pkg()] != nil {
				return f.set(f.typ(t), f.global(obj))
			}
			return f.set(f.typ(t), f.symbol(obj))
		case *types.Func:
			return f.funcValue(e)
		}
	case sel.Kind() == types.FieldVal:
		return f.set(f.typ(t), f.path(e, false))
	case sel.Kind() == types.MethodVal:
		return f.methodValue(e, t.(*types.Signature))
	case sel.Kind() == types.MethodExpr:
		return f.methodExpr(e, t.(*types.Signature))
	}
	f.refuse(e.Pos(), "%s can't be lowered", e.Sel.Name)
	return "nil"
}

// funcValue returns a declared function as a value.
func (f *fn) funcValue(e ast.Expr) string {
	fn, name := f.declared(e)
	if fn == nil {
		f.refuse(e.Pos(), "function can't be lowered")
		return "nil"
	}
	sig := under(f.typeOf(e)).(*types.Signature)
	host := f.unitOf[fn.Pkg()] == nil
	k := "value " + name
	mk, ok := f.funcs[k]
	if !ok {
		mk = f.closure(sig, func(args []string) string {
			if host && sig.Variadic() {
				args[len(args)-1] += "..."
			}
			if host {
				return name + "(" + strings.Join(args, ", ") + ")"
			}
			return name + "(" + f.pass(args, f.typesOf(sig)) + ")"
		}, nil)
		f.funcs[k] = mk
	}
	v := f.fresh(f.typ(sig))
	f.emitf("%s = %s()", v, mk)
	return v
}

// methodValue binds a method to its receiver.
func (f *fn) methodValue(e *ast.SelectorExpr, sig *types.Signature) string {
	m := f.method(e)
	if isInterface(f.typeOf(e.X)) {
		f.emitf("if %s == nil {", m.recv)
		f.failing("h.Nil()")
		f.emitf("}")
	}
	recv := f.unique("b", "")
	mk := f.closure(sig, func(args []string) string {
		if m.variadic != slice && sig.Variadic() {
			args[len(args)-1] += "..."
		}
		return m.call(append([]string{recv}, args...))
	}, []temp{{recv, m.typ}})
	v := f.fresh(f.typ(sig))
	f.emitf("%s = %s(%s)", v, mk, f.pass([]string{m.recv}, []string{m.typ}))
	return v
}

// methodExpr is a method as a function of its receiver.
func (f *fn) methodExpr(e *ast.SelectorExpr, sig *types.Signature) string {
	t := f.subst(f.unit.Info.TypeOf(e.X), f.env)
	obj, index, _ := types.LookupFieldOrMethod(t, true, f.unit.Info.Selections[e].Obj().Pkg(), e.Sel.Name)
	fn := obj.(*types.Func)
	g := f.literal(sig)
	var params, args, out []string
	for i := range sig.Params().Len() {
		typ := f.typ(sig.Params().At(i).Type())
		if sig.Variadic() && i == sig.Params().Len()-1 {
			typ = "..." + strings.TrimPrefix(typ, "[]")
		}
		args = append(args, g.unique("a", ""))
		params = append(params, args[i]+" "+typ)
	}
	for v := range sig.Results().Variables() {
		out = append(out, f.typ(v.Type()))
	}
	if f.loose {
		g.emitf("h.Enter()") // the method isn't what was deferred, unless by itself
	}
	m := g.methodOf(args[0], t, fn, index)
	rest := args[1:]
	if m.variadic != slice && sig.Variadic() {
		rest[len(rest)-1] += "..."
	}
	for i, typ := range out {
		g.declare("r"+itoa(int64(i)), typ)
	}
	g.lines = append(g.lines, calling(m.call(append([]string{m.recv}, rest...)), out)...)
	v := f.fresh(f.typ(sig))
	f.emitf("%s = %s", v, f.make(g, "("+strings.Join(params, ", ")+")"+results(out)))
	return v
}

// raw evaluates an argument for a function of the host that looks into it by
// reflection: as it is, without a box.
func (f *fn) raw(e ast.Expr, by *types.Func) string {
	t := f.typeOf(e)
	if f.unit.Info.Types[e].IsNil() {
		return f.set("h.Any", "nil")
	}
	switch path := by.Pkg().Path(); {
	case path == templates:
		return f.set("h.Any", "h.Deep("+f.argument(e, types.NewInterfaceType(nil, nil))+")")
	case path == "encoding/xml" && f.xmlRoot(t):
		return f.set("h.Any", "h.Root("+itoa(int64(f.typeID(t)))+", "+f.named(f.convert(e, t), t)+")")
	}
	if by.Pkg().Path() == "sort" { // which changes what it gets
		return f.set("h.Any", "h.Raw("+f.argument(e, types.NewInterfaceType(nil, nil))+")")
	}
	if isInterface(t) {
		return f.set("h.Any", "h.ExportAny("+f.named(f.expr(e), t)+")")
	}
	if f.irregular(t) {
		return f.set("h.Any", "h.Export("+itoa(int64(f.typeID(t)))+", "+f.named(f.convert(e, t), t)+")")
	}
	if b, ok := t.(*types.Basic); ok {
		t = types.Default(b)
	}
	return f.set("h.Any", "h.Any("+f.named(f.convert(e, t), t)+")")
}

// xmlRoot reports whether t is a struct of the script's, or a pointer to one.
func (f *fn) xmlRoot(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	_, ok := under(t).(*types.Struct)
	return ok && named(t) != nil && !f.native(t)
}
