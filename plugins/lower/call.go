package lower

import (
	"go/ast"
	"go/types"
	"strings"
)

// A plan is a call that is ready but for being made.
type plan struct {
	call    func(args []string) string
	args    []string
	types   []string // of args, lowered
	results *types.Tuple
}

// call lowers a call and returns its results.
func (f *fn) call(e *ast.CallExpr) []string {
	f.at(e)
	tv := f.unit.Info.Types[e.Fun]
	if tv.IsType() {
		return []string{f.conversion(e.Args[0], f.subst(tv.Type, f.env))}
	}
	if tv.IsBuiltin() {
		return f.builtin(e, builtinName(e.Fun), f.typeOf(e))
	}
	f.callParts(e)
	if r, ok := f.special(e); ok {
		return r
	}
	p := f.plan(e)
	return f.made(p)
}

func builtinName(e ast.Expr) string {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// made makes a call and returns its results.
func (f *fn) made(p plan) []string {
	text := p.call(p.args)
	if p.results.Len() == 0 {
		f.emitf("%s", text)
		return nil
	}
	var out []string
	for v := range p.results.Variables() {
		typ := f.typ(v.Type())
		if strings.HasPrefix(typ, "func") {
			out = append(out, f.fresh(typ)) // the interpreter puts another value in its place
		} else {
			out = append(out, f.temp(typ))
		}
	}
	f.emitf("%s = %s", strings.Join(out, ", "), text)
	return out
}

// plan evaluates the callee and the arguments of a call.
func (f *fn) plan(e *ast.CallExpr) plan {
	sig := f.core(e.Fun).(*types.Signature)
	p := plan{results: sig.Results()}
	fun := ast.Unparen(e.Fun)
	var variadic form
	var bound []temp
	var callee func(args []string) string
	if fn, name := f.declared(fun); fn != nil {
		callee = func(args []string) string { return name + "(" + f.pass(args, f.typesOf(sig)) + ")" }
		variadic = slice
		if f.unitOf[fn.Pkg()] == nil {
			callee = func(args []string) string { return name + "(" + strings.Join(args, ", ") + ")" }
			variadic = spread
		}
	} else if s, ok := fun.(*ast.SelectorExpr); ok && f.isMethod(s) {
		m := f.method(s)
		bound = append(bound, temp{m.recv, m.typ})
		callee = m.call
		variadic = m.variadic
	} else {
		t := f.typeOf(e.Fun)
		v := f.atomic(f.expr(e.Fun), t)
		bound = append(bound, temp{v, f.typ(t)})
		callee = func(args []string) string { return args[0] + "(" + strings.Join(args[1:], ", ") + ")" }
		variadic = ellipsis
	}
	for _, b := range bound {
		p.args, p.types = append(p.args, b.name), append(p.types, b.typ)
	}
	raw := f.rawArgs(fun)
	args, typs := f.arguments(e, sig, variadic, raw)
	p.args, p.types = append(p.args, args...), append(p.types, typs...)
	p.call = callee
	if sig.Variadic() && (variadic == ellipsis || variadic == spread && e.Ellipsis.IsValid()) {
		p.call = func(args []string) string {
			s := callee(args)
			return s[:len(s)-1] + "...)"
		}
	}
	return p
}

// A form is how a callee takes its last arguments.
type form int

const (
	slice    form = iota // as a parameter that is a slice
	ellipsis             // as one, too, but it is variadic
	spread               // one by one
)

// arguments evaluates the arguments of a call.
func (f *fn) arguments(e *ast.CallExpr, sig *types.Signature, form form, raw *types.Func) (args, typs []string) {
	var values []string
	var from []types.Type
	if len(e.Args) == 1 {
		if tuple, ok := f.typeOf(e.Args[0]).(*types.Tuple); ok {
			call := ast.Unparen(e.Args[0]).(*ast.CallExpr)
			values = f.call(call)
			for v := range tuple.Variables() {
				from = append(from, v.Type())
			}
		}
	}
	n := len(e.Args)
	if from != nil {
		n = len(from)
	}
	value := func(i int) (string, types.Type) {
		to := paramType(sig, i, e.Ellipsis.IsValid())
		switch {
		case from != nil:
			return f.atomic(f.toType(values[i], from[i], to), to), to
		case raw != nil && isInterface(to) && !f.hostInterface(to):
			return f.raw(e.Args[i], raw), to
		}
		return f.argument(e.Args[i], to), to
	}
	fixed := n
	if sig.Variadic() && form != spread && !e.Ellipsis.IsValid() {
		fixed = sig.Params().Len() - 1
	}
	for i := range fixed {
		v, t := value(i)
		args, typs = append(args, v), append(typs, f.typ(t))
	}
	if fixed == n && (!sig.Variadic() || form == spread || e.Ellipsis.IsValid()) {
		return args, typs
	}
	last := sig.Params().At(sig.Params().Len() - 1).Type()
	typ := f.typ(last)
	if n == fixed {
		return append(args, f.set(typ, "nil")), append(typs, typ)
	}
	s := f.set(typ, "make("+typ+", "+itoa(int64(n-fixed))+")")
	for i := fixed; i < n; i++ {
		mark := len(f.used)
		v, _ := value(i)
		f.emitf("%s[%d] = %s", s, i-fixed, v)
		f.release(mark)
	}
	return append(args, s), append(typs, typ)
}

// argument evaluates e as an argument of type t: a variable.
func (f *fn) argument(e ast.Expr, t types.Type) string {
	return f.named(f.convert(e, t), t)
}

// declared returns the declared function that an expression names, and its
// lowered name.
func (f *fn) declared(e ast.Expr) (*types.Func, string) {
	var id *ast.Ident
	switch e := e.(type) {
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		if f.unit.Info.Selections[e] != nil {
			return nil, ""
		}
		id = e.Sel
	case *ast.IndexExpr:
		return f.declared(ast.Unparen(e.X))
	case *ast.IndexListExpr:
		return f.declared(ast.Unparen(e.X))
	default:
		return nil, ""
	}
	fn, ok := f.unit.Info.Uses[id].(*types.Func)
	if !ok {
		return nil, ""
	}
	if f.unitOf[fn.Pkg()] == nil {
		return fn, f.symbol(fn)
	}
	var args []types.Type
	if inst, ok := f.unit.Info.Instances[id]; ok {
		for i := range inst.TypeArgs.Len() {
			args = append(args, f.subst(inst.TypeArgs.At(i), f.env))
		}
	}
	return fn, f.function(fn, args)
}

func (f *fn) isMethod(s *ast.SelectorExpr) bool {
	sel := f.unit.Info.Selections[s]
	return sel != nil && sel.Kind() == types.MethodVal
}

// A method is one with its receiver.
type method struct {
	recv, typ string                     // a variable and its lowered type
	call      func(args []string) string // the receiver is the first argument
	variadic  form
}

// method evaluates the receiver of the method that s selects.
func (f *fn) method(s *ast.SelectorExpr) method {
	t := f.typeOf(s.X)
	pkg := f.unit.Info.Selections[s].Obj().Pkg()
	obj, index, _ := types.LookupFieldOrMethod(t, true, pkg, s.Sel.Name)
	fn, ok := obj.(*types.Func)
	if !ok {
		f.refuse(s.Pos(), "method %s can't be lowered", s.Sel.Name)
		return method{recv: "nil", typ: "h.Any", call: func([]string) string { return "nil" }}
	}
	if len(index) == 1 && f.done[ast.Unparen(s.X)] == "" && wantsAddress(fn, t) {
		ptr := types.NewPointer(t)
		return f.methodOf(f.named(f.address(s.X, ptr), ptr), ptr, fn, index)
	}
	x := ""
	if f.addressable(s.X) && len(index) > 1 {
		x = f.base(s.X, wantsAddress(fn, types.Typ[types.Int]))
	} else {
		x = f.named(f.expr(s.X), t)
	}
	return f.methodOf(x, t, fn, index)
}

// wantsAddress reports whether fn is a method of a pointer, and t isn't one.
func wantsAddress(fn *types.Func, t types.Type) bool {
	_, ptr := under(t).(*types.Pointer)
	_, want := fn.Signature().Recv().Type().(*types.Pointer)
	return want && !ptr
}

func (f *fn) addressable(e ast.Expr) bool {
	e = ast.Unparen(e)
	return f.done[e] == "" && f.unit.Info.Types[e].Addressable()
}

// methodOf goes from x, of type t, to the receiver of the method fn, which is
// found along index.
func (f *fn) methodOf(x string, t types.Type, fn *types.Func, index []int) method {
	for _, i := range index[:len(index)-1] {
		x = f.fields(x, t, []int{i})
		if ptr, ok := under(t).(*types.Pointer); ok {
			t = ptr.Elem()
		}
		t = under(t).(*types.Struct).Field(i).Type()
		if _, ok := under(t).(*types.Pointer); ok {
			x = f.set(f.typ(t), x)
		}
	}
	if isInterface(t) {
		return f.interfaceMethod(f.named(x, t), t, fn)
	}
	_, isPtr := under(t).(*types.Pointer)
	_, wantPtr := fn.Signature().Recv().Type().(*types.Pointer)
	switch {
	case wantPtr && !isPtr:
		t = types.NewPointer(t)
		x = f.set(f.typ(t), "&"+x)
	case isPtr && !wantPtr:
		t = under(t).(*types.Pointer).Elem()
		x = f.set(f.typ(t), "*"+f.named(x, types.NewPointer(t)))
	default:
		x = f.copied(x, t)
	}
	m := method{recv: x, typ: f.typ(t)}
	if f.unitOf[fn.Pkg()] == nil {
		m.variadic = spread
		m.call = func(args []string) string {
			return args[0] + "." + fn.Name() + "(" + strings.Join(args[1:], ", ") + ")"
		}
		return m
	}
	var targs []types.Type
	base := t
	if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
		base = ptr.Elem()
	}
	if n := named(base); n != nil {
		for i := range n.TypeArgs().Len() {
			targs = append(targs, n.TypeArgs().At(i))
		}
	}
	name := f.function(fn, targs)
	typs := append([]string{m.typ}, f.typesOf(fn.Signature())...)
	m.call = func(args []string) string { return name + "(" + f.pass(args, typs) + ")" }
	return m
}

func (f *fn) interfaceMethod(x string, t types.Type, fn *types.Func) method {
	m := method{recv: f.copied(x, t), typ: f.typ(t)}
	if m.typ != "h.Any" {
		m.variadic = spread
		m.call = func(args []string) string {
			return args[0] + "." + fn.Name() + "(" + strings.Join(args[1:], ", ") + ")"
		}
		return m
	}
	obj, _, _ := types.LookupFieldOrMethod(t, false, fn.Pkg(), fn.Name())
	d := f.dispatcher(fn, f.subst(obj.Type(), nil).(*types.Signature))
	typs := append([]string{"h.Any"}, f.typesOf(d.sig)...)
	m.call = func(args []string) string { return d.name + "(" + f.pass(args, typs) + ")" }
	return m
}
