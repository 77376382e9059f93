package lower

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"strconv"
	"strings"
)

// typeOf returns the type of e for the type arguments of the function.
func (f *fn) typeOf(e ast.Expr) types.Type {
	t := f.unit.Info.TypeOf(e)
	if t == nil {
		return types.Typ[types.Invalid]
	}
	return f.subst(t, f.env)
}

// core returns the underlying type of e.
func (f *fn) core(e ast.Expr) types.Type { return under(f.typeOf(e)) }

// isVar reports whether an operand is a variable of the lowered function.
func isVar(s string) bool {
	if s == "" || s == "true" || s == "false" || s == "nil" {
		return false
	}
	return s[0] >= 'a' && s[0] <= 'z' && !strings.ContainsAny(s, ".[( *")
}

// named makes a variable of an operand that isn't one.
func (f *fn) named(s string, t types.Type) string {
	if isVar(s) {
		return s
	}
	return f.set(f.typ(t), s)
}

// atomic makes a temporary of an operand that may change.
func (f *fn) atomic(s string, t types.Type) string {
	if strings.HasPrefix(s, "t_") {
		return s
	}
	return f.set(f.typ(t), s)
}

// copied is a temporary of its own.
func (f *fn) copied(s string, t types.Type) string { return f.set(f.typ(t), s) }

// exprTo evaluates e as a value of type t, into the variable dst if that is as
// easy as anything else. It returns the operand.
func (f *fn) exprTo(e ast.Expr, t types.Type, dst string) string {
	if f.done[e] == "" && f.unit.Info.Types[e].Value == nil && types.Identical(f.typeOf(e), t) {
		switch x := ast.Unparen(e).(type) {
		case *ast.BinaryExpr:
			if x.Op != token.LAND && x.Op != token.LOR && f.simple(x) && f.done[x] == "" {
				f.emitf("%s = %s", dst, f.operation(x, false))
				return dst
			}
		}
	}
	return f.convert(e, t)
}

// expr evaluates e and returns an operand: a variable or a literal.
func (f *fn) expr(e ast.Expr) string {
	e = ast.Unparen(e)
	if v, ok := f.done[e]; ok {
		delete(f.done, e)
		return v
	}
	tv := f.unit.Info.Types[e]
	if tv.Value != nil {
		return f.constant(tv.Value, f.typeOf(e))
	}
	if tv.IsNil() {
		t := f.typeOf(e)
		return f.set(f.typ(t), f.zero(t))
	}
	t := f.typeOf(e)
	switch e := e.(type) {
	case *ast.Ident:
		return f.ident(e)
	case *ast.FuncLit:
		return f.funcLit(e)
	case *ast.CompositeLit:
		return f.composite(e, t)
	case *ast.SelectorExpr:
		return f.selector(e, t)
	case *ast.IndexExpr:
		return f.index(e, t)
	case *ast.IndexListExpr:
		return f.funcValue(e)
	case *ast.SliceExpr:
		return f.slice(e, t)
	case *ast.StarExpr:
		return f.set(f.typ(t), "*"+f.named(f.expr(e.X), f.typeOf(e.X)))
	case *ast.TypeAssertExpr:
		return f.mustAssert(e, t)
	case *ast.CallExpr:
		if r := f.call(e); len(r) == 1 {
			return r[0]
		}
		return ""
	case *ast.UnaryExpr:
		return f.unary(e, t)
	case *ast.BinaryExpr:
		if e.Op == token.LAND || e.Op == token.LOR {
			return f.logical(e)
		}
		return f.set(f.typ(t), f.operation(e, false))
	}
	f.refuse(e.Pos(), "%T can't be lowered", e)
	return "nil"
}

func (f *fn) ident(e *ast.Ident) string {
	switch obj := f.unit.Info.Uses[e].(type) {
	case *types.Var:
		if v := f.vars[obj]; v != nil {
			if v.cell {
				return f.set(f.typ(v.typ), f.place(v))
			}
			return f.use(v)
		}
		if f.unitOf[obj.Pkg()] != nil {
			return f.set(f.typ(obj.Type()), f.global(obj))
		}
		return f.set(f.typ(obj.Type()), f.symbol(obj))
	case *types.Func:
		return f.funcValue(e)
	case nil:
		if v := f.vars[f.unit.Info.Defs[e]]; v != nil {
			return f.place(v)
		}
	}
	f.refuse(e.Pos(), "%s can't be lowered", e.Name)
	return "nil"
}

// constant returns the operand for a constant of type t.
func (f *fn) constant(v constant.Value, t types.Type) string {
	if isInterface(t) {
		d := types.Default(constantType(v))
		return f.toType(f.constant(v, d), d, t)
	}
	typ := f.typ(t)
	info := basic(t)
	s := ""
	switch {
	case info&types.IsBoolean != 0:
		s = v.String()
	case info&types.IsString != 0:
		s = strconv.Quote(constant.StringVal(v))
	case info&types.IsInteger != 0:
		s = constant.ToInt(v).ExactString()
		if n, ok := constant.Int64Val(constant.ToInt(v)); !ok || n == math.MinInt64 {
			return f.pooled(constant.ToInt(v), typ)
		}
	case info&types.IsFloat != 0:
		x, _ := constant.Float64Val(constant.ToFloat(v))
		if typ == "float32" {
			y, _ := constant.Float32Val(constant.ToFloat(v))
			x = float64(y)
		}
		s = strconv.FormatFloat(x, 'g', -1, 64)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
	case info&types.IsComplex != 0:
		return f.complexConstant(constant.ToComplex(v), typ)
	}
	switch {
	case s == "":
		return f.set(typ, f.zero(t))
	case s[0] == '-' || !predeclared(t):
		return f.set(typ, s)
	}
	return s
}

func predeclared(t types.Type) bool {
	n := named(t)
	return n == nil || n.Obj().Pkg() == nil
}

func constantType(v constant.Value) types.Type {
	return types.Typ[map[constant.Kind]types.BasicKind{
		constant.Bool: types.UntypedBool, constant.String: types.UntypedString, constant.Int: types.UntypedInt,
		constant.Float: types.UntypedFloat, constant.Complex: types.UntypedComplex,
	}[v.Kind()]]
}

// pooled returns a package variable for a whole number that the interpreter
// can't read.
func (f *fn) pooled(v constant.Value, typ string) string {
	text := "h.Big(" + strconv.Quote(v.ExactString()) + ")"
	if v.String()[0] == '-' {
		text = "h.Small(" + strconv.Quote(v.ExactString()) + ")"
	}
	name, ok := f.pool[text]
	if !ok {
		name = f.unique("G", "const")
		f.pool[text] = name
		kind := "uint64"
		if text[2] == 'S' {
			kind = "int64"
		}
		f.program.varDecls = append(f.program.varDecls, line{f.pos, "var " + name + " " + kind})
	}
	return f.set(typ, typ+"("+name+")")
}

func (f *fn) complexConstant(v constant.Value, typ string) string {
	part := "float64"
	if typ == "complex64" {
		part = "float32"
	}
	re, _ := constant.Float64Val(constant.Real(v))
	im, _ := constant.Float64Val(constant.Imag(v))
	r, i := f.set(part, strconv.FormatFloat(re, 'g', -1, 64)), f.set(part, strconv.FormatFloat(im, 'g', -1, 64))
	return f.set(typ, "complex("+r+", "+i+")")
}

func (f *fn) unary(e *ast.UnaryExpr, t types.Type) string {
	switch e.Op {
	case token.AND:
		return f.address(e.X, t)
	case token.ADD:
		return f.expr(e.X)
	case token.ARROW:
		v := f.fresh(f.typ(t))
		f.emitf("%s = <-%s", v, f.named(f.expr(e.X), f.typeOf(e.X)))
		return v
	}
	return f.set(f.typ(t), e.Op.String()+f.named(f.expr(e.X), t))
}

func (f *fn) logical(e *ast.BinaryExpr) string {
	r := f.fresh("bool")
	f.emitf("%s = %s", r, f.expr(e.X))
	f.emitf("if %s {", r)
	if e.Op == token.LOR {
		f.emitf("} else {")
	}
	mark := len(f.used)
	f.hoist(e.Y)
	f.emitf("%s = %s", r, f.expr(e.Y))
	f.release(mark)
	f.emitf("}")
	return r
}

// operation returns the operation e on operands. As a condition it has to be
// one of numbers or texts.
func (f *fn) operation(e *ast.BinaryExpr, cond bool) string {
	if comparison(e.Op) {
		return f.compare(e, cond)
	}
	t := f.typeOf(e)
	if e.Op == token.SHL || e.Op == token.SHR {
		x := f.named(f.expr(e.X), t)
		y := f.shiftCount(f.expr(e.Y), e.Y)
		return x + " " + e.Op.String() + " " + y
	}
	x := f.named(f.expr(e.X), t)
	y := f.operand(f.expr(e.Y), t)
	return x + " " + e.Op.String() + " " + y
}

// operand is one of an operation, beside one of type t.
func (f *fn) operand(s string, t types.Type) string {
	if !isVar(s) && basic(t)&(types.IsFloat|types.IsComplex) != 0 {
		return f.set(f.typ(t), s)
	}
	return s
}

// shiftCount returns the operand for a shift by s.
func (f *fn) shiftCount(s string, e ast.Expr) string {
	if v := f.unit.Info.Types[e].Value; v != nil {
		return constant.ToInt(v).ExactString()
	}
	t := f.typeOf(e)
	if basic(t)&types.IsUnsigned == 0 {
		f.emitf("if %s < 0 {", s)
		f.failing("h.Shift()")
		f.emitf("}")
	}
	return s
}

// compare returns the comparison of e's operands.
func (f *fn) compare(e *ast.BinaryExpr, cond bool) string {
	x, y := f.unit.Info.Types[e.X], f.unit.Info.Types[e.Y]
	tx, ty := f.typeOf(e.X), f.typeOf(e.Y)
	switch {
	case y.IsNil() || x.IsNil():
		v, t := e.X, tx
		if x.IsNil() {
			v, t = e.Y, ty
		}
		s := f.named(f.expr(v), t)
		return s + " " + e.Op.String() + " nil"
	case cond || f.simple(e.X) && f.simple(e.Y):
		a := f.named(f.expr(e.X), tx)
		return a + " " + e.Op.String() + " " + f.operand(f.expr(e.Y), ty)
	}
	eq := f.equal(f.expr(e.X), tx, f.expr(e.Y), ty)
	if e.Op == token.NEQ {
		return "!" + eq
	}
	return eq
}

// equal returns a variable that tells whether the operands are equal.
func (f *fn) equal(x string, tx types.Type, y string, ty types.Type) string {
	x, y = f.named(x, tx), f.named(y, ty)
	ix, iy := isInterface(tx), isInterface(ty)
	any := types.NewInterfaceType(nil, nil)
	if ix || iy {
		x, y = f.toType(x, tx, any), f.toType(y, ty, any)
	} else if types.AssignableTo(tx, ty) {
		x = f.toType(x, tx, ty)
	} else {
		y = f.toType(y, ty, tx)
	}
	return f.set("bool", x+" == "+y)
}

// index evaluates an element, or an instance of a function.
func (f *fn) index(e *ast.IndexExpr, t types.Type) string {
	if tv := f.unit.Info.Types[e.X]; tv.IsValue() {
		if _, ok := coreType(tv.Type).(*types.Signature); ok {
			return f.funcValue(e)
		}
	}
	switch u := f.core(e.X).(type) {
	case *types.Map:
		m := f.named(f.expr(e.X), f.typeOf(e.X))
		k := f.named(f.convert(e.Index, u.Key()), u.Key())
		return f.set(f.typ(t), m+"["+k+"]")
	case *types.Basic:
		s := f.named(f.expr(e.X), f.typeOf(e.X))
		i := f.expr(e.Index)
		f.bounds(e.X, i, e.Index, "len("+s+")")
		return f.set(f.typ(t), s+"["+i+"]")
	}
	return f.set(f.typ(t), f.path(e, false))
}

// bounds ends the function with the compiler's panic unless i is one of n.
func (f *fn) bounds(x ast.Expr, i string, e ast.Expr, n string) {
	f.at(x)
	there, positive := f.fits(x, e)
	if there {
		return
	}
	if v := f.unit.Info.Types[e].Value; v != nil && !strings.HasPrefix(n, "len(") {
		return
	}
	if f.late != nil {
		*f.late = append(*f.late, func() { f.bounds(x, i, e, n) })
		return
	}
	check := func(cond string) {
		f.emitf("if %s {", cond)
		f.failing("h.Index(%s, %s)", f.asInt(i, e), n)
		f.emitf("}")
	}
	t := f.typeOf(e)
	if isVar(i) && basic(t)&types.IsUnsigned == 0 && !positive {
		check(i + " < 0")
	}
	if b, ok := under(t).(*types.Basic); !isVar(i) || ok && b.Kind() == types.Int {
		n := n
		if strings.HasPrefix(n, "len(") && isVar(i) {
			check(i + " >= " + n)
			return
		}
		c := f.set("int", i)
		check(fmt.Sprintf("%s >= %s", c, n))
		return
	}
	c := f.set("uint64", "uint64("+i+")")
	m := f.set("int", n)
	m = f.set("uint64", "uint64("+m+")")
	check(c + " >= " + m)
}

func (f *fn) asInt(i string, e ast.Expr) string {
	if b, ok := under(f.typeOf(e)).(*types.Basic); ok && b.Kind() == types.Int || !isVar(i) {
		return i
	}
	return "int(" + i + ")"
}
