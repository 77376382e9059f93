package lower

import (
	"go/token"
	"go/types"
	"reflect"

	"mts/plugins/lower/internal/rt"
)

// A layout builds the lowered struct types for reflection. The interpreter
// could declare them itself, but not those that lead back to themselves by way
// of others.
type layout struct {
	*program
	structs map[string]reflect.Type
	numbers map[string]int
	open    map[string]bool // structs that are being built
	fixes   []fix
}

// A fix is a field, or a parameter or result of a function type, whose type
// wasn't known when its struct or function type was built.
type fix struct {
	s     reflect.Type
	field int
	typ   types.Type
}

func (f fix) apply(t reflect.Type) bool {
	if f.s.Kind() == reflect.Func {
		return rt.SetParam(f.s, f.field, t)
	}
	return rt.SetField(f.s, f.field, t)
}

func newLayout(p *program) *layout {
	return &layout{program: p, structs: map[string]reflect.Type{}, numbers: map[string]int{}, open: map[string]bool{}}
}

// of returns the lowered type of t.
func (l *layout) of(t types.Type) reflect.Type {
	typ, _ := l.build(t, false)
	for len(l.fixes) > 0 && len(l.open) == 0 {
		f := l.fixes[0]
		l.fixes = l.fixes[1:]
		typ, _ := l.build(f.typ, false)
		if !f.apply(typ) {
			l.refuse(token.NoPos, "type %s holds itself in a way that can't be lowered", typeName(f.typ))
		}
	}
	return typ
}

// build returns the lowered type of t, and whether it is complete. While a
// struct is being built, others that are behind a pointer or the like wait: they
// may have the struct itself among their fields.
func (l *layout) build(t types.Type, behind bool) (reflect.Type, bool) {
	t = types.Unalias(t)
	switch {
	case isError(t):
		return reflect.TypeFor[error](), true
	case l.hostType(t) != nil:
		return l.hostType(t), true
	case isInterface(t):
		return reflect.TypeFor[any](), true
	}
	switch u := under(t).(type) {
	case *types.Basic:
		return basics[types.Default(types.Typ[u.Kind()]).(*types.Basic).Kind()], true
	case *types.Pointer:
		e, ok := l.build(u.Elem(), true)
		return reflect.PointerTo(e), ok
	case *types.Slice:
		e, ok := l.build(u.Elem(), true)
		return reflect.SliceOf(e), ok
	case *types.Array:
		e, ok := l.build(u.Elem(), behind)
		return reflect.ArrayOf(int(u.Len()), e), ok
	case *types.Map:
		k, ok := l.build(u.Key(), true)
		e, ok2 := l.build(u.Elem(), true)
		return reflect.MapOf(k, e), ok && ok2
	case *types.Chan:
		e, ok := l.build(u.Elem(), true)
		dir := map[types.ChanDir]reflect.ChanDir{types.SendRecv: reflect.BothDir, types.SendOnly: reflect.SendDir, types.RecvOnly: reflect.RecvDir}[u.Dir()]
		return reflect.ChanOf(dir, e), ok
	case *types.Signature:
		if n := named(t); n != nil && loops(n) {
			return l.function(t, u)
		}
		in, ok := l.tuple(u.Params())
		out, ok2 := l.tuple(u.Results())
		return reflect.FuncOf(in, out, u.Variadic()), ok && ok2
	case *types.Struct:
		if h := l.borrowed[u]; h != nil {
			return h, true
		}
		return l.structure(t, u, behind)
	}
	return reflect.TypeFor[any](), true
}

// function builds a function type that has itself among its parameters or
// results.
func (l *layout) function(t types.Type, u *types.Signature) (reflect.Type, bool) {
	k := key(t)
	if s := l.structs[k]; s != nil {
		return s, true
	}
	if _, ok := l.numbers[k]; !ok {
		l.numbers[k] = len(l.numbers)
	}
	if l.open[k] {
		return reflect.FuncOf([]reflect.Type{rt.Placeholder(l.numbers[k])}, nil, false), false
	}
	l.open[k] = true
	in, _ := l.tuple(u.Params())
	out, _ := l.tuple(u.Results())
	s := reflect.FuncOf(in, out, u.Variadic())
	delete(l.open, k)
	l.structs[k] = s
	i := 0
	for _, tuple := range []*types.Tuple{u.Params(), u.Results()} {
		for v := range tuple.Variables() {
			l.fixes = append(l.fixes, fix{s, i, v.Type()})
			i++
		}
	}
	return s, true
}

func (l *layout) tuple(t *types.Tuple) (list []reflect.Type, complete bool) {
	complete = true
	for v := range t.Variables() {
		typ, ok := l.build(v.Type(), true)
		list = append(list, typ)
		complete = complete && ok
	}
	return list, complete
}

func (l *layout) structure(t types.Type, u *types.Struct, behind bool) (reflect.Type, bool) {
	k := key(t)
	if s := l.structs[k]; s != nil {
		return s, true
	}
	if _, ok := l.numbers[k]; !ok {
		l.numbers[k] = len(l.numbers)
	}
	if behind && len(l.open) > 0 {
		return rt.Placeholder(l.numbers[k]), false
	}
	l.open[k] = true
	fields := make([]reflect.StructField, u.NumFields())
	var open []int
	for i := range fields {
		typ, ok := l.build(u.Field(i).Type(), false)
		if !ok {
			open = append(open, i)
		}
		fields[i] = reflect.StructField{Name: fieldName(u, i), Type: typ, Tag: reflect.StructTag(fieldTag(u, i))}
	}
	s := reflect.StructOf(fields)
	delete(l.open, k)
	l.structs[k] = s
	for _, i := range open {
		l.fixes = append(l.fixes, fix{s, i, u.Field(i).Type()})
	}
	return s, true
}

// fieldTag hides what isn't exported from encoders.
func fieldTag(s *types.Struct, i int) string {
	if f := s.Field(i); !f.Exported() && !f.Embedded() {
		return `json:"-" xml:"-"`
	}
	return s.Tag(i)
}

var basics = map[types.BasicKind]reflect.Type{
	types.Bool: reflect.TypeFor[bool](), types.String: reflect.TypeFor[string](),
	types.Int: reflect.TypeFor[int](), types.Int8: reflect.TypeFor[int8](), types.Int16: reflect.TypeFor[int16](),
	types.Int32: reflect.TypeFor[int32](), types.Int64: reflect.TypeFor[int64](),
	types.Uint: reflect.TypeFor[uint](), types.Uint8: reflect.TypeFor[uint8](), types.Uint16: reflect.TypeFor[uint16](),
	types.Uint32: reflect.TypeFor[uint32](), types.Uint64: reflect.TypeFor[uint64](), types.Uintptr: reflect.TypeFor[uintptr](),
	types.Float32: reflect.TypeFor[float32](), types.Float64: reflect.TypeFor[float64](),
	types.Complex64: reflect.TypeFor[complex64](), types.Complex128: reflect.TypeFor[complex128](),
}
