package lower

import (
	"go/ast"
	"go/types"
	"strings"
)

// lowerFunc lowers a declared function or method under that name. The
// receiver becomes the first parameter, and a variadic one a slice.
func (p *program) lowerFunc(u *Unit, decl *ast.FuncDecl, e env, name string) {
	p.pos = decl.Pos()
	obj := u.Info.Defs[decl.Name].(*types.Func)
	sig := obj.Signature()
	f := p.newFn(u, e, decl.Pos())
	f.cellsOf = p.cellsIn(decl, u)
	f.version = p.versionAt(u, decl)
	if sig.Recv() != nil {
		f.sig = p.subst(types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic()), e).(*types.Signature)
	} else {
		f.sig = p.subst(sig, e).(*types.Signature)
	}
	var params []string
	if sig.Recv() != nil {
		params = append(params, f.parameter(sig.Recv()))
	}
	for v := range sig.Params().Variables() {
		params = append(params, f.parameter(v))
	}
	f.body(decl.Body, sig.Results())
	var out []string
	for v := range f.sig.Results().Variables() {
		out = append(out, p.typ(v.Type()))
	}
	head := "func " + name + "(" + strings.Join(params, ", ") + ")" + results(out)
	p.emit(f.finish(head, decl.Pos()))
}

func (p *program) versionAt(u *Unit, n ast.Node) string {
	for _, file := range u.Files {
		if file.FileStart <= n.Pos() && n.Pos() <= file.FileEnd {
			return u.Info.FileVersions[file]
		}
	}
	return ""
}

// parameter declares a parameter of a declared function.
func (f *fn) parameter(obj *types.Var) string {
	typ := f.typ(f.subst(obj.Type(), f.env))
	if !f.floaty[typ] {
		return f.incoming(obj, false)
	}
	v := f.define(obj, "")
	p := f.unique("p", obj.Name())
	f.emitf("%s = *%s", f.place(v), p)
	return p + " *" + typ
}

// incoming declares a parameter and returns its declaration.
func (f *fn) incoming(obj *types.Var, variadic bool) string {
	t := f.subst(obj.Type(), f.env)
	v := &variable{name: f.unique("v", obj.Name()), typ: t, owner: f}
	typ := f.typ(t)
	if variadic {
		typ = "..." + strings.TrimPrefix(typ, "[]")
	}
	decl := v.name + " " + typ
	if f.cellsOf[obj] {
		cell := f.local(obj.Name(), t, true)
		f.renew(cell, v.name)
		v = cell
	}
	f.vars[obj] = v
	return decl
}

// body lowers a function's body. Results are variables if they have names or
// if the host runs the body because of what it defers.
func (f *fn) body(body *ast.BlockStmt, results *types.Tuple) {
	host := defers(body)
	named := results.Len() > 0 && results.At(0).Name() != ""
	for i := range results.Len() {
		if !named && !host {
			break
		}
		obj := results.At(i)
		v := f.local(obj.Name(), f.subst(obj.Type(), f.env), f.cellsOf[obj] || host)
		f.renew(v, "")
		f.results = append(f.results, v)
		f.vars[obj] = v
	}
	if recovers(body, f.unit.Info) {
		f.token = &variable{name: f.unique("d", ""), text: "*h.Defers", owner: f}
		f.declare(f.token.name, "*h.Defers")
		f.emitf("%s = h.Enter()", f.token.name)
	} else if f.parent != nil && f.loose && callsAny(body) {
		f.emitf("h.Enter()") // what this function calls isn't what was deferred
	}
	if host {
		f.deferring(body)
		return
	}
	f.leave = func(values []string) {
		for i, v := range f.results {
			if values[i] != f.place(v) {
				f.emitf("%s = %s", f.place(v), values[i])
			}
		}
		f.emitf("return %s", strings.Join(values, ", "))
	}
	f.stmts(body.List)
	if f.sig.Results().Len() > 0 && !returns(body) {
		f.missing()
	}
}

// returns reports whether a body's last statement is a return.
func returns(body *ast.BlockStmt) bool {
	if len(body.List) == 0 {
		return false
	}
	_, ok := body.List[len(body.List)-1].(*ast.ReturnStmt)
	return ok
}

// missing ends a function whose end isn't reached: the interpreter wants it so.
func (f *fn) missing() {
	var zeros []string
	for v := range f.sig.Results().Variables() {
		zeros = append(zeros, f.set(f.typ(v.Type()), f.zero(v.Type())))
	}
	f.emitf("return %s", strings.Join(zeros, ", "))
}

// deferring has the host run the body, and after it what it deferred.
func (f *fn) deferring(body *ast.BlockStmt) {
	g := f.literal(types.NewSignatureType(nil, nil, nil, nil, nil, false))
	g.results = f.results
	g.token = f.token
	g.defers = &variable{name: f.unique("d", ""), text: "*h.Defers", owner: g}
	g.leave = func(values []string) {
		for i, v := range g.results {
			if place := g.place(v); values[i] != place {
				g.emitf("%s = %s", place, values[i])
			}
		}
		g.emitf("return")
	}
	g.stmts(body.List)
	t := f.fresh("func(*h.Defers)")
	f.emitf("%s = %s", t, f.maker(g, "func(*h.Defers)", "func("+g.defers.name+" *h.Defers)"))
	f.emitf("h.Run(%s)", t)
	var values []string
	for _, v := range f.results {
		values = append(values, f.set(f.typ(v.typ), f.place(v)))
	}
	f.emitf("return %s", strings.Join(values, ", "))
}

// funcLit lowers a function literal and returns its value.
func (f *fn) funcLit(lit *ast.FuncLit) string {
	sig := f.unit.Info.TypeOf(lit).(*types.Signature)
	g := f.literal(f.subst(sig, f.env).(*types.Signature))
	var params, out []string
	for i := range sig.Params().Len() {
		params = append(params, g.incoming(sig.Params().At(i), sig.Variadic() && i == sig.Params().Len()-1))
	}
	for v := range g.sig.Results().Variables() {
		out = append(out, f.typ(v.Type()))
	}
	g.body(lit.Body, sig.Results())
	t := f.fresh("func" + f.signature(g.sig))
	f.emitf("%s = %s", t, f.make(g, "("+strings.Join(params, ", ")+")"+results(out)))
	return t
}
