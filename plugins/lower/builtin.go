package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// builtin lowers a call of a function that the language has.
func (f *fn) builtin(e *ast.CallExpr, name string, t types.Type) []string {
	e = f.spreadArgs(e)
	for _, a := range e.Args {
		if !f.unit.Info.Types[a].IsType() {
			f.ahead(a, true)
		}
	}
	one := func(s string) []string { return []string{s} }
	arg := func(i int) string { return f.named(f.expr(e.Args[i]), f.typeOf(e.Args[i])) }
	switch name {
	case "len", "cap":
		return one(f.length(e.Args[0], name))
	case "append":
		return one(f.append(e, t))
	case "copy":
		return one(f.set("int", "copy("+arg(0)+", "+arg(1)+")"))
	case "delete":
		m := f.core(e.Args[0]).(*types.Map)
		f.emitf("delete(%s, %s)", arg(0), f.argument(e.Args[1], m.Key()))
		return nil
	case "clear":
		f.clear(e.Args[0])
		return nil
	case "close":
		f.emitf("close(%s)", arg(0))
		return nil
	case "new":
		if !f.unit.Info.Types[e.Args[0]].IsType() { // new(value), since Go 1.26
			elem := under(t).(*types.Pointer).Elem()
			v := f.argument(e.Args[0], elem)
			p := f.set(f.typ(t), "new("+f.typ(elem)+")")
			f.emitf("*%s = %s", p, v)
			return one(p)
		}
		return one(f.set(f.typ(t), "new("+f.typ(f.typeOf(e.Args[0]))+")"))
	case "make":
		return one(f.makeBuiltin(e, t))
	case "min", "max":
		return one(f.extreme(e, name, t))
	case "panic":
		f.failing("h.Panic(%s)", f.argument(e.Args[0], types.NewInterfaceType(nil, nil)))
		return nil
	case "recover":
		token := f.recoverToken()
		if token == "" {
			return one(f.set("h.Any", "nil"))
		}
		return one(f.set("h.Any", "h.Recover("+token+")"))
	case "print", "println":
		f.print(e, name)
		return nil
	case "complex":
		part := types.Typ[types.Float64]
		if basicKind(t) == types.Complex64 {
			part = types.Typ[types.Float32]
		}
		x, y := f.argument(e.Args[0], part), f.argument(e.Args[1], part)
		return one(f.set(f.typ(t), "complex("+x+", "+y+")"))
	case "real", "imag":
		return one(f.set(f.typ(t), name+"("+arg(0)+")"))
	}
	f.refuse(e.Pos(), "%s can't be lowered", name)
	return one("nil")
}

// spreadArgs gives a call of one call's results an argument for each of them.
func (f *fn) spreadArgs(e *ast.CallExpr) *ast.CallExpr {
	if len(e.Args) != 1 {
		return e
	}
	tuple, ok := f.typeOf(e.Args[0]).(*types.Tuple)
	if !ok {
		return e
	}
	spread := *e
	spread.Args = nil
	for i, v := range f.call(ast.Unparen(e.Args[0]).(*ast.CallExpr)) {
		id := &ast.Ident{NamePos: e.Pos(), Name: v}
		f.unit.Info.Types[id] = types.TypeAndValue{Type: tuple.At(i).Type()}
		f.done[id] = v
		spread.Args = append(spread.Args, id)
	}
	return &spread
}

func basicKind(t types.Type) types.BasicKind {
	if b, ok := under(t).(*types.Basic); ok {
		return b.Kind()
	}
	return types.Invalid
}

// recoverToken returns the variable by which the function recovers.
func (f *fn) recoverToken() string {
	for g := f; g != nil; g = g.parent {
		if g.token != nil {
			return f.use(g.token)
		}
		if !g.inner() {
			return ""
		}
	}
	return ""
}

func (f *fn) length(e ast.Expr, name string) string {
	t := f.core(e)
	if ptr, ok := t.(*types.Pointer); ok {
		t = under(ptr.Elem())
	}
	if a, ok := t.(*types.Array); ok {
		if f.calls(e) {
			f.expr(e)
		}
		return f.set("int", itoa(a.Len()))
	}
	return f.set("int", name+"("+f.named(f.expr(e), f.typeOf(e))+")")
}

func (f *fn) append(e *ast.CallExpr, t types.Type) string {
	typ := f.typ(t)
	s := f.convert(e.Args[0], t)
	if len(e.Args) == 1 {
		return s
	}
	s = f.named(s, t)
	elem := under(t).(*types.Slice).Elem()
	if e.Ellipsis.IsValid() {
		if f.unit.Info.Types[e.Args[1]].IsNil() {
			return s
		}
		x := f.named(f.expr(e.Args[1]), f.typeOf(e.Args[1]))
		if basic(f.typeOf(e.Args[1]))&types.IsString != 0 {
			x = f.set("[]uint8", "[]uint8("+x+")")
		}
		return f.set(typ, "append("+s+", "+x+"...)")
	}
	var args []string
	for _, a := range e.Args[1:] {
		args = append(args, f.argument(a, elem))
	}
	return f.set(typ, "append("+s+", "+strings.Join(args, ", ")+")")
}

func (f *fn) clear(e ast.Expr) {
	x := f.named(f.expr(e), f.typeOf(e))
	switch u := f.core(e).(type) {
	case *types.Map:
		f.emitf("h.Clear(%s)", x)
	case *types.Slice:
		i := f.set("int", "0")
		zero := f.set(f.typ(u.Elem()), f.zero(u.Elem()))
		l := f.unique("L", "clear")
		f.emitf("%s: for {", l)
		f.emitf("if %s >= len(%s) {", i, x)
		f.emitf("break %s", l)
		f.emitf("}")
		f.emitf("%s[%s] = %s", x, i, zero)
		f.emitf("%s = %s + 1", i, i)
		f.emitf("}")
	}
}

func (f *fn) makeBuiltin(e *ast.CallExpr, t types.Type) string {
	typ := f.typ(t)
	var sizes []string
	for _, a := range e.Args[1:] {
		at := f.typeOf(a)
		sizes = append(sizes, f.set("int", f.asInt(f.named(f.expr(a), at), a)))
	}
	switch u := under(t).(type) {
	case *types.Map:
		return f.set(typ, "make("+typ+")")
	case *types.Chan:
		if u.Dir() != types.SendRecv {
			both := types.NewChan(types.SendRecv, u.Elem())
			return f.converted(f.set(f.typ(both), "make("+strings.Join(append([]string{f.typ(both)}, sizes...), ", ")+")"), both, t)
		}
	case *types.Slice:
		size := sizes[len(sizes)-1]
		if len(sizes) == 2 && isVar(sizes[0]) {
			f.failing("h.Make(%s, %s)", sizes[0], size)
		} else if f.unit.Info.Types[e.Args[1]].Value == nil {
			f.emitf("if %s < 0 {", size)
			f.failing("h.Make(%s, %s)", size, size)
			f.emitf("}")
		}
	}
	for _, s := range sizes {
		typ += ", " + s
	}
	return f.set(f.typ(t), "make("+typ+")")
}

// extreme is the least or the greatest of the arguments.
func (f *fn) extreme(e *ast.CallExpr, name string, t types.Type) string {
	r := f.copied(f.convert(e.Args[0], t), t)
	op := map[string]string{"min": "<", "max": ">"}[name]
	for _, a := range e.Args[1:] {
		v := f.argument(a, t)
		if basic(t)&types.IsFloat != 0 {
			f.emitf("%s = %s(h.%s(float64(%s), float64(%s)))", r, f.typ(t), map[string]string{"min": "Min", "max": "Max"}[name], r, v)
			continue
		}
		f.emitf("if %s %s %s {", v, op, r)
		f.emitf("%s = %s", r, v)
		f.emitf("}")
	}
	return r
}

func (f *fn) print(e *ast.CallExpr, name string) {
	any := types.NewInterfaceType(nil, nil)
	var args []string
	for _, a := range e.Args {
		t := f.typeOf(a)
		if b, ok := t.(*types.Basic); ok {
			t = types.Default(b)
		} else {
			t = under(t)
		}
		v := f.named(f.expr(a), t)
		if f.native(t) {
			args = append(args, f.toType(v, t, any))
		} else {
			args = append(args, f.set("h.Any", "h.Any("+v+")"))
		}
	}
	list := strings.Join(args, ", ")
	if len(args) > 0 {
		list = ", " + list
	}
	f.emitf("h.Print(%v%s)", name == "println", list)
}

// composite lowers a composite literal, part by part.
func (f *fn) composite(e *ast.CompositeLit, t types.Type) string {
	if ptr, ok := under(t).(*types.Pointer); ok { // &T{…} written as {…}
		return f.newComposite(e, ptr.Elem())
	}
	typ := f.typ(t)
	switch u := under(t).(type) {
	case *types.Struct:
		v := f.fresh(typ)
		f.emitf("%s = %s", v, f.zero(t))
		f.structFields(e, v, u)
		return v
	case *types.Map:
		v := f.set(typ, "make("+typ+")")
		for _, x := range e.Elts {
			mark := len(f.used)
			kv := x.(*ast.KeyValueExpr)
			k := f.part(kv.Key, u.Key())
			f.emitf("%s[%s] = %s", v, f.named(k, u.Key()), f.named(f.part(kv.Value, u.Elem()), u.Elem()))
			f.release(mark)
		}
		return v
	case *types.Array:
		v := f.fresh(typ)
		f.emitf("%s = %s", v, f.zero(t))
		f.elements(e, v, u.Elem())
		return v
	case *types.Slice:
		v := f.temp(typ)
		f.emitf("%s = make(%s, %d)", v, typ, f.literalLen(e))
		f.elements(e, v, u.Elem())
		return v
	}
	f.refuse(e.Pos(), "literal of %s can't be lowered", typeName(t))
	return "nil"
}

// pointerTo lowers the address of a composite literal.
func (f *fn) pointerTo(e *ast.CompositeLit) string {
	t := f.typeOf(e)
	return f.newComposite(e, t)
}

func (f *fn) newComposite(e *ast.CompositeLit, t types.Type) string {
	if u, ok := under(t).(*types.Struct); ok {
		p := f.set("*"+f.typ(t), "new("+f.typ(t)+")")
		f.structFields(e, p, u)
		return p
	}
	v := f.composite(e, t)
	p := f.set("*"+f.typ(t), "new("+f.typ(t)+")")
	f.emitf("*%s = %s", p, v)
	return p
}

func (f *fn) structFields(e *ast.CompositeLit, v string, u *types.Struct) {
	for i, x := range e.Elts {
		mark := len(f.used)
		field := i
		if kv, ok := x.(*ast.KeyValueExpr); ok {
			for j := range u.NumFields() {
				if u.Field(j).Name() == kv.Key.(*ast.Ident).Name {
					field = j
				}
			}
			x = kv.Value
		}
		name := fieldName(u, field)
		if f.borrowed[u] != nil {
			name = u.Field(field).Name()
		}
		t := u.Field(field).Type()
		f.emitf("%s.%s = %s", v, name, f.named(f.part(x, t), t))
		f.release(mark)
	}
}

// part evaluates a part of a composite literal.
func (f *fn) part(e ast.Expr, t types.Type) string {
	if lit, ok := e.(*ast.CompositeLit); ok && lit.Type == nil {
		return f.composite(lit, t)
	}
	return f.convert(e, t)
}

func (f *fn) elements(e *ast.CompositeLit, v string, t types.Type) {
	next := int64(0)
	for _, x := range e.Elts {
		mark := len(f.used)
		if kv, ok := x.(*ast.KeyValueExpr); ok {
			next = f.constInt(kv.Key)
			x = kv.Value
		}
		f.emitf("%s[%d] = %s", v, next, f.named(f.part(x, t), t))
		next++
		f.release(mark)
	}
}

func (f *fn) constInt(e ast.Expr) int64 {
	var n int64
	fmt.Sscan(f.unit.Info.Types[e].Value.ExactString(), &n)
	return n
}

func (f *fn) literalLen(e *ast.CompositeLit) (n int64) {
	next := int64(0)
	for _, x := range e.Elts {
		if kv, ok := x.(*ast.KeyValueExpr); ok {
			next = f.constInt(kv.Key)
		}
		next++
		n = max(n, next)
	}
	return n
}
