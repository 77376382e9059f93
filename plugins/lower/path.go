package lower

import (
	"go/ast"
	"go/types"
	"strconv"
	"strings"
)

// path evaluates the operands of e, a variable or a part of one, and returns
// it as one expression. If it needn't be a variable, e may be any value.
func (f *fn) path(e ast.Expr, variable bool) string {
	e = ast.Unparen(e)
	switch e := e.(type) {
	case *ast.Ident:
		obj, ok := f.unit.Info.Uses[e].(*types.Var)
		if !ok {
			break
		}
		if v := f.vars[obj]; v != nil {
			return f.place(v)
		}
		if f.unitOf[obj.Pkg()] != nil {
			return f.global(obj)
		}
		if variable {
			f.refuse(e.Pos(), "%s belongs to another package; copy it to a variable of your own", e.Name)
		}
	case *ast.StarExpr:
		return "*" + f.pointer(e.X)
	case *ast.SelectorExpr:
		if sel := f.unit.Info.Selections[e]; sel != nil {
			return f.fields(f.base(e.X, variable), f.typeOf(e.X), sel.Index())
		}
		obj, ok := f.unit.Info.Uses[e.Sel].(*types.Var)
		if ok && f.unitOf[obj.Pkg()] != nil {
			return f.global(obj)
		}
		if variable {
			f.refuse(e.Pos(), "%s belongs to another package; copy it to a variable of your own", e.Sel.Name)
		}
	case *ast.IndexExpr:
		return f.element(e, variable)
	}
	return f.named(f.expr(e), f.typeOf(e))
}

// base is a path that a selector or index is put behind.
func (f *fn) base(e ast.Expr, variable bool) string {
	if f.done[ast.Unparen(e)] != "" {
		return f.named(f.expr(e), f.typeOf(e))
	}
	if _, ok := f.core(e).(*types.Pointer); ok {
		return f.pointer(e)
	}
	s := f.path(e, variable)
	if strings.HasPrefix(s, "*") {
		if _, ok := f.core(e).(*types.Struct); ok && isVar(s[1:]) {
			return s[1:] // fields of what a pointer points to
		}
		return "(" + s + ")"
	}
	return s
}

// pointer evaluates a pointer, which a statement that assigns to several places
// keeps as it is.
func (f *fn) pointer(e ast.Expr) string {
	p := f.named(f.expr(e), f.typeOf(e))
	if f.late != nil {
		return f.atomic(p, f.typeOf(e))
	}
	return p
}

// fields goes from x, of type t or a pointer to it, to a field.
func (f *fn) fields(x string, t types.Type, index []int) string {
	for n, i := range index {
		if ptr, ok := under(t).(*types.Pointer); ok {
			if n > 0 { // a pointer in a field
				x = f.set(f.typ(t), x)
			}
			t = ptr.Elem()
		}
		s := under(t).(*types.Struct)
		name := fieldName(s, i)
		if f.borrowed[s] != nil {
			name = s.Field(i).Name()
		}
		x += "." + name
		t = f.subst(s.Field(i).Type(), f.env)
	}
	return x
}

// element evaluates the operands of x[i]. A slice is held in a variable.
func (f *fn) element(e *ast.IndexExpr, variable bool) string {
	var x, n string
	switch u := f.core(e.X).(type) {
	case *types.Slice:
		x = f.named(f.expr(e.X), f.typeOf(e.X))
		if variable {
			x = f.atomic(x, f.typeOf(e.X))
		}
		n = "len(" + x + ")"
	case *types.Array:
		x = f.base(e.X, variable)
		n = itoa(u.Len())
	case *types.Pointer:
		x = f.named(f.expr(e.X), f.typeOf(e.X))
		if variable {
			x = f.atomic(x, f.typeOf(e.X))
		}
		n = itoa(under(u.Elem()).(*types.Array).Len())
		x = "(*" + x + ")"
	default:
		return f.named(f.expr(e), f.typeOf(e))
	}
	i := f.expr(e.Index)
	if variable && isVar(i) {
		i = f.atomic(i, f.typeOf(e.Index))
	}
	f.bounds(e.X, i, e.Index, n)
	return x + "[" + i + "]"
}

// address evaluates &x.
func (f *fn) address(x ast.Expr, t types.Type) string {
	x = ast.Unparen(x)
	switch x := x.(type) {
	case *ast.CompositeLit:
		return f.pointerTo(x)
	case *ast.Ident:
		obj, _ := f.unit.Info.Uses[x].(*types.Var)
		if v := f.vars[obj]; v != nil {
			if !v.cell {
				f.refuse(x.Pos(), "address of %s can't be taken", x.Name)
			}
			return f.use(v)
		}
	case *ast.StarExpr:
		p := f.named(f.expr(x.X), t)
		f.emitf("if %s == nil {", p)
		f.failing("h.Nil()")
		f.emitf("}")
		return p
	case *ast.IndexExpr:
		// The interpreter knows no address of an array's element.
		switch f.core(x.X).(type) {
		case *types.Array:
			s := f.set("[]"+f.typ(f.elem(x.X)), f.base(x.X, true)+"[:]")
			return f.addressIn(s, x, t)
		case *types.Pointer:
			s := f.set("[]"+f.typ(f.elem(x.X)), "(*"+f.named(f.expr(x.X), f.typeOf(x.X))+")[:]")
			return f.addressIn(s, x, t)
		}
	}
	return f.set(f.typ(t), "&"+f.path(x, true))
}

func (f *fn) addressIn(slice string, x *ast.IndexExpr, t types.Type) string {
	i := f.expr(x.Index)
	f.bounds(x.X, i, x.Index, "len("+slice+")")
	return f.set(f.typ(t), "&"+slice+"["+i+"]")
}

// slice evaluates x[low:high:max].
func (f *fn) slice(e *ast.SliceExpr, t types.Type) string {
	var x, size string
	switch u := f.core(e.X).(type) {
	case *types.Array:
		x = f.base(e.X, true)
		size = itoa(u.Len())
	case *types.Pointer:
		x = "(*" + f.named(f.expr(e.X), f.typeOf(e.X)) + ")"
		size = itoa(under(u.Elem()).(*types.Array).Len())
	case *types.Slice:
		x = f.named(f.expr(e.X), f.typeOf(e.X))
		size = "cap(" + x + ")"
	default:
		x = f.named(f.expr(e.X), f.typeOf(e.X))
		size = "len(" + x + ")"
	}
	var at [3]string
	for i, b := range []ast.Expr{e.Low, e.High, e.Max} {
		if b != nil {
			at[i] = f.set("int", f.asInt(f.expr(b), b))
		}
	}
	if e.Low != nil || e.High != nil {
		f.sliceBounds(at, size, x, f.core(e.X))
	}
	s := x + "[" + at[0] + ":" + at[1]
	if e.Max != nil {
		s += ":" + at[2]
	}
	return f.set(f.typ(t), s+"]")
}

// sliceBounds ends the function with the compiler's panic unless the indexes
// are in order.
func (f *fn) sliceBounds(at [3]string, size, x string, t types.Type) {
	last := size
	if _, ok := t.(*types.Slice); ok && at[1] == "" {
		last = "len(" + x + ")"
	}
	n := f.set("int", last)
	ok := f.set("bool", "true")
	prev := ""
	for _, i := range at {
		if i == "" {
			continue
		}
		if prev == "" {
			f.emitf("if %s < 0 {", i)
		} else {
			f.emitf("if %s < %s {", i, prev)
		}
		f.emitf("%s = false", ok)
		f.emitf("}")
		prev = i
	}
	f.emitf("if %s > %s {", prev, n)
	f.emitf("%s = false", ok)
	f.emitf("}")
	f.emitf("if %s {", ok)
	f.emitf("} else {")
	kind := "0"
	if b, ok := t.(*types.Basic); ok && b.Info()&types.IsString != 0 {
		kind = "1"
	} else if _, ok := t.(*types.Slice); !ok {
		kind = "1"
	}
	lo, hi, max := or(at[0], "-1"), or(at[1], "-1"), or(at[2], "-1")
	lo, hi, max = f.set("int", lo), f.set("int", hi), f.set("int", max)
	given := ""
	for _, s := range at {
		given += map[bool]string{true: "1", false: "0"}[s != ""]
	}
	f.failing("h.Slice(%s, %s, %s, %q, %s, %s)", lo, hi, max, given, n, kind)
	f.emitf("}")
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
