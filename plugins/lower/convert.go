package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"strings"
)

// convert evaluates e as a value of type t, to which it can be assigned.
func (f *fn) convert(e ast.Expr, t types.Type) string {
	tv := f.unit.Info.Types[ast.Unparen(e)]
	if tv.IsNil() {
		return f.set(f.typ(t), f.zero(t))
	}
	if tv.Value != nil && !isInterface(t) {
		return f.constant(tv.Value, t)
	}
	return f.toType(f.expr(e), f.typeOf(e), t)
}

// toType makes an operand of type to of one that can be assigned to it.
func (f *fn) toType(v string, from, to types.Type) string {
	if isInterface(to) {
		if b, ok := from.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
			from = types.Default(from)
		}
		if isInterface(from) {
			return f.widen(v, from, to)
		}
		return f.box(v, from, to)
	}
	if a, b := f.typ(from), f.typ(to); a != b {
		if b, ok := from.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
			return f.set(f.typ(to), v)
		}
		return f.set(b, "("+b+")("+f.named(v, from)+")")
	}
	return v
}

// box makes a value of an interface. What the script declares is kept in a
// box, with its type.
func (f *fn) box(v string, from, to types.Type) string {
	v = f.named(v, from)
	typ := f.typ(to)
	if f.native(from) {
		return f.set(typ, typ+"("+v+")")
	}
	id := f.typeID(from)
	switch {
	case typ == "h.Any":
		return f.set(typ, fmt.Sprintf("h.Box(%d, %s)", id, v))
	case typ == "h.Error":
		return f.set(typ, fmt.Sprintf("h.BoxError(%d, %s)", id, v))
	}
	return f.as(f.set("h.Any", fmt.Sprintf("h.Box(%d, %s)", id, v)), to)[0]
}

// widen makes a value of another interface, whose methods it is known to have.
func (f *fn) widen(v string, from, to types.Type) string {
	a, b := f.typ(from), f.typ(to)
	switch {
	case a == b:
		return v
	case b == "h.Any" && f.hostInterface(from):
		return f.set(b, "h.Canon("+v+")")
	case b == "h.Any":
		return f.set(b, v)
	}
	return f.as(v, to)[0]
}

// as asserts that v is of the host's interface t.
func (f *fn) as(v string, t types.Type) []string {
	r, ok := f.temp(f.typ(t)), f.temp("bool")
	f.emitf("%s, %s = h.%s(%s)", r, ok, f.asserter(t), v)
	return []string{r, ok}
}

// asserter returns the name of the function that does it.
func (p *program) asserter(t types.Type) string {
	h := p.hostType(t)
	if h == nil {
		h = reflect.TypeFor[error]()
	}
	name := "As_" + ident(p.hostName(h))
	if _, ok := p.exports[name]; !ok {
		p.exports[name] = p.runtime.Asserter(h)
	}
	return name
}

// assert lowers a type assertion. It returns the value, which is zero if the
// assertion doesn't hold, and whether it does.
func (f *fn) assert(v string, from, t types.Type) (value, ok string) {
	if f.hostInterface(from) {
		v = f.set("h.Any", "h.Canon("+f.named(v, from)+")")
	} else {
		v = f.named(v, from)
	}
	typ := f.typ(t)
	switch {
	case isInterface(t) && typ != "h.Any":
		r := f.as(v, t)
		return r[0], r[1]
	case isInterface(t):
		value = f.set(typ, "nil")
		if under(t).(*types.Interface).NumMethods() == 0 {
			ok = f.set("bool", v+" != nil")
		} else {
			ok = f.set("bool", fmt.Sprintf("h.Implements(%d, %s)", f.typeID(t), v))
		}
		f.emitf("if %s {", ok)
		f.emitf("%s = %s", value, v)
		f.emitf("}")
		return value, ok
	case f.native(t):
		value, ok = f.fresh(typ), f.temp("bool")
		f.emitf("%s = %s", value, f.zero(t))
		f.emitf("%s, %s = %s.(%s)", value, ok, v, typ)
		f.emitf("if %s {", ok)
		f.emitf("} else {")
		f.emitf("%s = %s", value, f.zero(t))
		f.emitf("}")
		return value, ok
	}
	raw := f.temp("h.Any")
	ok = f.temp("bool")
	f.emitf("%s, %s = h.Unbox(%d, %s)", raw, ok, f.typeID(t), v)
	value = f.fresh(typ)
	f.emitf("%s = %s", value, f.zero(t))
	f.emitf("if %s {", ok)
	f.unwrap(value, raw, t)
	f.emitf("}")
	return value, ok
}

// unwrap stores what a box holds, which is known to be of type t.
func (f *fn) unwrap(value, raw string, t types.Type) {
	if s, ok := under(t).(*types.Struct); ok && s.NumFields() == 0 {
		return // the interpreter's assertion takes it for a wrapper
	}
	f.emitf("%s = %s.(%s)", value, raw, f.typ(t))
}

func (f *fn) mustAssert(e *ast.TypeAssertExpr, t types.Type) string {
	from := f.typeOf(e.X)
	x := f.named(f.expr(e.X), from)
	v, ok := f.assert(x, from, t)
	f.emitf("if %s {", ok)
	f.emitf("} else {")
	f.failing("h.Failed(%d, %d, %s)", f.typeID(from), f.typeID(t), x)
	f.emitf("}")
	return v
}

// conversion lowers an explicit conversion.
func (f *fn) conversion(e ast.Expr, t types.Type) string {
	f.ahead(e, true)
	from := f.typeOf(e)
	tv := f.unit.Info.Types[ast.Unparen(e)]
	if tv.IsNil() || isInterface(t) {
		return f.convert(e, t)
	}
	if tv.Value != nil {
		if basic(t)&types.IsNumeric != 0 && basic(from)&types.IsNumeric != 0 {
			return f.constant(tv.Value, t)
		}
		if b, ok := from.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
			from = types.Default(from)
		}
		return f.converted(f.constant(tv.Value, from), from, t)
	}
	return f.converted(f.expr(e), from, t)
}

func (f *fn) converted(v string, from, t types.Type) string {
	a, b := f.typ(from), f.typ(t)
	if a == b {
		return v
	}
	v = f.named(v, from)
	if b == "float32" && basic(from)&types.IsInteger != 0 {
		return f.set(b, "h.Float32("+a+"("+v+"))")
	}
	to := under(t)
	ptr, isPtr := to.(*types.Pointer)
	if isPtr {
		to = under(ptr.Elem())
	}
	if strings.HasPrefix(b, "*") || strings.HasPrefix(b, "<-") || strings.HasPrefix(b, "chan") || strings.HasPrefix(b, "func") {
		b = "(" + b + ")"
	}
	if arr, ok := to.(*types.Array); ok {
		if _, ok := under(from).(*types.Slice); ok {
			n := f.set("int", "len("+v+")")
			f.emitf("if %s < %d {", n, arr.Len())
			f.failing("h.ToArray(%s, %d)", n, arr.Len())
			f.emitf("}")
		}
	}
	return f.set(f.typ(t), b+"("+v+")")
}
