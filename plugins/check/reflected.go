package check

import (
	"go/constant"
	"go/token"
	"go/types"
	"path"
	"reflect"
	"strings"
)

// A reflected turns what reflection knows into the type checker's terms.
type reflected struct {
	im     *importer
	pkgs   map[string]*types.Package
	named  map[reflect.Type]*types.Named
	behind map[*types.Named]reflect.Type
}

func newReflected(im *importer) *reflected {
	return &reflected{im: im, pkgs: map[string]*types.Package{}, named: map[reflect.Type]*types.Named{}, behind: map[*types.Named]reflect.Type{}}
}

func (r *reflected) pkg(p string) *types.Package {
	if r.pkgs[p] == nil {
		r.pkgs[p] = types.NewPackage(p, path.Base(p))
	}
	return r.pkgs[p]
}

// object returns what a symbol of a table stands for: a nil pointer for the
// type it points to, a constant.Value for an untyped constant, an addressable
// value for a variable.
func (r *reflected) object(pkg *types.Package, name string, v reflect.Value) types.Object {
	switch {
	case v.CanAddr():
		return types.NewVar(token.NoPos, pkg, name, r.typ(v.Type()))
	case v.Kind() == reflect.Pointer && v.IsNil():
		return r.typeName(pkg, name, v.Type().Elem())
	case v.Kind() == reflect.Func:
		return types.NewFunc(token.NoPos, pkg, name, r.signature(v.Type(), nil, 0))
	}
	if c, ok := v.Interface().(constant.Value); ok {
		return types.NewConst(token.NoPos, pkg, name, untyped(c), c)
	}
	if c := constantOf(v); c != nil {
		return types.NewConst(token.NoPos, pkg, name, r.typ(v.Type()), c)
	}
	return types.NewVar(token.NoPos, pkg, name, r.typ(v.Type()))
}

func (r *reflected) typeName(pkg *types.Package, name string, t reflect.Type) types.Object {
	typ := r.typ(t)
	if n, ok := typ.(*types.Named); ok && n.Obj().Pkg() == pkg && n.Obj().Name() == name {
		return n.Obj()
	}
	obj := types.NewTypeName(token.NoPos, pkg, name, nil)
	types.NewAlias(obj, typ)
	return obj
}

func untyped(c constant.Value) types.Type {
	switch c.Kind() {
	case constant.Bool:
		return types.Typ[types.UntypedBool]
	case constant.String:
		return types.Typ[types.UntypedString]
	case constant.Int:
		return types.Typ[types.UntypedInt]
	case constant.Float:
		return types.Typ[types.UntypedFloat]
	}
	return types.Typ[types.UntypedComplex]
}

// constantOf returns the value of a typed constant, or nil.
func constantOf(v reflect.Value) constant.Value {
	switch {
	case v.Kind() == reflect.Bool:
		return constant.MakeBool(v.Bool())
	case v.Kind() == reflect.String:
		return constant.MakeString(v.String())
	case v.CanInt():
		return constant.MakeInt64(v.Int())
	case v.CanUint():
		return constant.MakeUint64(v.Uint())
	case v.CanFloat():
		return constant.MakeFloat64(v.Float())
	}
	return nil
}

func (r *reflected) typ(t reflect.Type) types.Type {
	switch {
	case t == reflect.TypeFor[error]():
		return types.Universe.Lookup("error").Type()
	case t.PkgPath() == "":
		return r.composite(t)
	}
	if t.PkgPath() == "iter" {
		return r.sequence(t)
	}
	if n := r.named[t]; n != nil {
		return n
	}
	pkg := r.pkg(t.PkgPath())
	n := types.NewNamed(types.NewTypeName(token.NoPos, pkg, t.Name(), nil), nil, nil)
	r.named[t] = n
	r.behind[n] = t
	n.SetUnderlying(r.composite(t))
	if t.Kind() != reflect.Interface {
		r.methods(n, t)
	}
	return n
}

// sequence returns the library's type for an iter.Seq or iter.Seq2.
func (r *reflected) sequence(t reflect.Type) types.Type {
	name, _, _ := strings.Cut(t.Name(), "[")
	pkg, err := r.im.load("iter")
	if err != nil {
		return r.composite(t)
	}
	var args []types.Type
	for in := range t.In(0).Ins() {
		args = append(args, r.typ(in))
	}
	typ, err := types.Instantiate(nil, pkg.Scope().Lookup(name).Type(), args, false)
	if err != nil {
		return r.composite(t)
	}
	return typ
}

// methods declares n's methods: those of the value, then those that only its
// address has.
func (r *reflected) methods(n *types.Named, t reflect.Type) {
	pkg := n.Obj().Pkg()
	declare := func(m reflect.Method, recv types.Type) {
		if !hidden(m.Type) {
			v := types.NewVar(token.NoPos, pkg, "", recv)
			n.AddMethod(types.NewFunc(token.NoPos, pkg, m.Name, r.signature(m.Type, v, 1)))
		}
	}
	for m := range t.Methods() {
		declare(m, n)
	}
	for m := range reflect.PointerTo(t).Methods() {
		if _, ok := t.MethodByName(m.Name); !ok {
			declare(m, types.NewPointer(n))
		}
	}
}

// signature leaves out the first skip parameters.
func (r *reflected) signature(t reflect.Type, recv *types.Var, skip int) *types.Signature {
	in := make([]*types.Var, 0, t.NumIn())
	for i := skip; i < t.NumIn(); i++ {
		in = append(in, types.NewParam(token.NoPos, nil, "", r.typ(t.In(i))))
	}
	out := make([]*types.Var, 0, t.NumOut())
	for o := range t.Outs() {
		out = append(out, types.NewParam(token.NoPos, nil, "", r.typ(o)))
	}
	return types.NewSignatureType(recv, nil, nil, types.NewTuple(in...), types.NewTuple(out...), t.IsVariadic())
}
