package rt

import (
	"encoding/json"
	"encoding/xml"
	"go/ast"
	"go/types"
	"reflect"
)

// A mirror copies values of a script's types to types that an encoder sees as
// it would see the script's own: with embedded fields, and what the script's
// methods encode in the place of the values.
type mirror struct {
	rt     *Runtime
	decode bool
	seen   map[types.Type]bool
}

var (
	rawJSON = reflect.TypeFor[json.RawMessage]()
	anyType = reflect.TypeFor[any]()
)

// has reports whether values of t have a method of the script that encodes or
// decodes them.
func (m *mirror) has(t types.Type, names ...string) string {
	id := m.rt.id(t)
	if id < 0 {
		return ""
	}
	for _, name := range names {
		if _, ok := m.rt.methods[id][name]; ok {
			return name
		}
	}
	return ""
}

// id returns the number of a type, or -1.
func (r *Runtime) id(t types.Type) int {
	for _, known := range r.types {
		if types.Identical(known.typ, t) {
			return known.id
		}
	}
	return -1
}

// typ returns the mirror of t, whose lowered type is low.
func (m *mirror) typ(t types.Type, low reflect.Type) reflect.Type {
	if low.PkgPath() != "" || types.IsInterface(t) {
		return low
	}
	if m.decode && m.has(types.NewPointer(t), "UnmarshalJSON", "UnmarshalText") != "" || !m.decode && m.has(t, "MarshalJSON", "MarshalText") != "" {
		return rawJSON
	}
	if named, ok := types.Unalias(t).(*types.Named); ok {
		if m.seen[named] {
			if m.decode {
				return rawJSON
			}
			return anyType
		}
		m.seen[named] = true
		defer delete(m.seen, named)
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return reflect.PointerTo(m.typ(u.Elem(), low.Elem()))
	case *types.Slice:
		return reflect.SliceOf(m.typ(u.Elem(), low.Elem()))
	case *types.Array:
		return reflect.ArrayOf(low.Len(), m.typ(u.Elem(), low.Elem()))
	case *types.Map:
		return reflect.MapOf(low.Key(), m.typ(u.Elem(), low.Elem()))
	case *types.Struct:
		return m.structure(u, low)
	}
	return low
}

func (m *mirror) structure(u *types.Struct, low reflect.Type) reflect.Type {
	var fields []reflect.StructField
	for i := range u.NumFields() {
		f := u.Field(i)
		name := f.Name()
		if unseen(f) {
			continue
		}
		if !ast.IsExported(name) {
			name = "X" + name
		}
		typ := m.typ(f.Type(), low.Field(i).Type)
		embedded := f.Embedded() && (typ.Kind() == reflect.Struct && typ.PkgPath() == "" || typ.Kind() == reflect.Pointer && typ.Elem().Kind() == reflect.Struct && typ.Elem().PkgPath() == "")
		fields = append(fields, reflect.StructField{Name: name, Type: typ, Tag: reflect.StructTag(u.Tag(i)), Anonymous: embedded})
	}
	return reflect.StructOf(fields)
}

// unseen reports whether encoders pass over the field: of what isn't exported,
// they see embedded structs alone.
func unseen(f *types.Var) bool {
	if f.Exported() || !f.Embedded() {
		return !f.Exported()
	}
	t := f.Type()
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	_, ok := t.Underlying().(*types.Struct)
	return !ok
}

// Export returns a value of the type with that number for an encoder.
func (r *Runtime) Export(id int, x any) any {
	m := &mirror{rt: r, seen: map[types.Type]bool{}}
	v := reflect.ValueOf(&x).Elem().Elem()
	if !v.IsValid() {
		return x
	}
	out := reflect.New(m.typ(r.types[id].typ, v.Type())).Elem()
	if err := m.out(r.types[id].typ, v, out); err != nil {
		return failing{err}
	}
	return out.Interface()
}

// A failing value fails to be encoded.
type failing struct{ err error }

func (f failing) MarshalJSON() ([]byte, error) { return nil, f.err }

// ExportAny is Export for what is in an interface already.
func (r *Runtime) ExportAny(x any) any {
	if b, ok := x.(boxed); ok {
		v := b.unboxed()
		return r.Export(v.T.id, v.V)
	}
	return x
}

// MarshalJSON encodes what the box holds.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(v.T.rt.Export(v.T.id, v.V)) }

// Root is Export for package encoding/xml, which names an element by its type.
func (r *Runtime) Root(id int, x any) any { return root{Value{r.types[id], x}} }

type root struct{ Value }

// MarshalXML encodes what the box holds under the name of its type.
func (r root) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	t := r.T.typ
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := types.Unalias(t).(*types.Named); ok {
		if s, ok := n.Underlying().(*types.Struct); ok && s.NumFields() > 0 && s.Field(0).Name() == "XMLName" {
			return e.Encode(r.T.rt.Export(r.T.id, r.V))
		}
		start.Name.Local = n.Obj().Name()
	}
	return r.Value.MarshalXML(e, start)
}

// MarshalXML encodes what the box holds.
func (v Value) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement(v.T.rt.Export(v.T.id, v.V), start)
}

// out copies a value to its mirror.
func (m *mirror) out(t types.Type, v, to reflect.Value) error {
	if to.Type() == v.Type() {
		to.Set(v)
		return nil
	}
	if to.Kind() == reflect.Interface { // a type that holds itself
		to.Set(reflect.ValueOf(m.rt.Export(m.rt.id(t), v.Interface())))
		return nil
	}
	if to.Type() == rawJSON {
		return m.marshal(t, v, to)
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		if v.IsNil() {
			return nil
		}
		to.Set(reflect.New(to.Type().Elem()))
		return m.out(u.Elem(), v.Elem(), to.Elem())
	case *types.Slice:
		if v.IsNil() {
			return nil
		}
		to.Set(reflect.MakeSlice(to.Type(), v.Len(), v.Len()))
		return m.elements(u.Elem(), v, to, m.out)
	case *types.Array:
		return m.elements(u.Elem(), v, to, m.out)
	case *types.Map:
		if v.IsNil() {
			return nil
		}
		to.Set(reflect.MakeMap(to.Type()))
		for it := v.MapRange(); it.Next(); {
			e := reflect.New(to.Type().Elem()).Elem()
			if err := m.out(u.Elem(), it.Value(), e); err != nil {
				return err
			}
			to.SetMapIndex(it.Key(), e)
		}
	case *types.Struct:
		return m.fields(u, func(i int, j int) error { return m.out(u.Field(i).Type(), v.Field(i), to.Field(j)) })
	}
	return nil
}

func (m *mirror) elements(t types.Type, from, to reflect.Value, copy func(types.Type, reflect.Value, reflect.Value) error) error {
	for i := range from.Len() {
		if err := copy(t, from.Index(i), to.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// fields calls f with the numbers of a field and of its mirror.
func (m *mirror) fields(u *types.Struct, f func(i, j int) error) error {
	j := 0
	for i := range u.NumFields() {
		if unseen(u.Field(i)) {
			continue
		}
		if err := f(i, j); err != nil {
			return err
		}
		j++
	}
	return nil
}

func (m *mirror) marshal(t types.Type, v, to reflect.Value) error {
	name := m.has(t, "MarshalJSON", "MarshalText")
	if v.Kind() == reflect.Pointer && v.IsNil() {
		to.SetBytes([]byte("null"))
		return nil
	}
	out, _ := Value{m.rt.types[m.rt.id(t)], v.Interface()}.call(name)
	if len(out) == 2 && out[1] != nil {
		return &json.MarshalerError{Type: reflect.TypeFor[named](), Err: out[1].(error)}
	}
	data := out[0].([]byte)
	if name == "MarshalText" {
		data, _ = json.Marshal(string(data))
	}
	to.SetBytes(data)
	return nil
}

type named struct{}

// Target returns the mirror that a decoder fills, for a pointer of the type
// with that number. Import copies it back.
func (r *Runtime) Target(id int, ptr any) any {
	v := reflect.ValueOf(ptr)
	if v.IsNil() {
		return ptr
	}
	t := r.types[id].typ.Underlying().(*types.Pointer).Elem()
	m := &mirror{rt: r, decode: true, seen: map[types.Type]bool{}}
	to := reflect.New(m.typ(t, v.Type().Elem()))
	m.start(t, v.Elem(), to.Elem())
	return to.Interface()
}

// start copies what the value has now, as far as that is easily done.
func (m *mirror) start(t types.Type, v, to reflect.Value) {
	if to.Type() == v.Type() {
		to.Set(v)
		return
	}
	if u, ok := t.Underlying().(*types.Struct); ok && to.Type() != rawJSON {
		m.fields(u, func(i, j int) error { m.start(u.Field(i).Type(), v.Field(i), to.Field(j)); return nil })
	}
}

// Import copies what a decoder has made of a mirror.
func (r *Runtime) Import(id int, ptr, from any) error {
	v := reflect.ValueOf(ptr)
	if v.IsNil() {
		return nil
	}
	t := r.types[id].typ.Underlying().(*types.Pointer).Elem()
	m := &mirror{rt: r, decode: true, seen: map[types.Type]bool{}}
	return m.in(t, reflect.ValueOf(from).Elem(), v.Elem())
}

func (m *mirror) in(t types.Type, from, to reflect.Value) error {
	if from.Type() == to.Type() {
		to.Set(from)
		return nil
	}
	if from.Type() == rawJSON {
		return m.unmarshal(t, from.Bytes(), to)
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		if from.IsNil() {
			to.SetZero()
			return nil
		}
		if to.IsNil() {
			to.Set(reflect.New(to.Type().Elem()))
		}
		return m.in(u.Elem(), from.Elem(), to.Elem())
	case *types.Slice:
		if from.IsNil() {
			to.SetZero()
			return nil
		}
		to.Set(reflect.MakeSlice(to.Type(), from.Len(), from.Len()))
		return m.elements(u.Elem(), from, to, m.in)
	case *types.Array:
		return m.elements(u.Elem(), from, to, m.in)
	case *types.Map:
		if from.IsNil() {
			return nil
		}
		if to.IsNil() {
			to.Set(reflect.MakeMap(to.Type()))
		}
		for it := from.MapRange(); it.Next(); {
			e := reflect.New(to.Type().Elem()).Elem()
			if err := m.in(u.Elem(), it.Value(), e); err != nil {
				return err
			}
			to.SetMapIndex(it.Key(), e)
		}
	case *types.Struct:
		return m.fields(u, func(i, j int) error { return m.in(u.Field(i).Type(), from.Field(j), to.Field(i)) })
	}
	return nil
}

func (m *mirror) unmarshal(t types.Type, data []byte, to reflect.Value) error {
	if len(data) == 0 {
		return nil
	}
	ptr := types.NewPointer(t)
	name := m.has(ptr, "UnmarshalJSON", "UnmarshalText")
	if name == "" { // a type that holds itself
		id := m.rt.id(ptr)
		target := m.rt.Target(id, to.Addr().Interface())
		if err := json.Unmarshal(data, target); err != nil {
			return err
		}
		return m.rt.Import(id, to.Addr().Interface(), target)
	}
	if name == "UnmarshalText" {
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		data = []byte(s)
	}
	out, _ := Value{m.rt.types[m.rt.id(ptr)], to.Addr().Interface()}.call(name, data)
	err, _ := out[0].(error)
	return err
}

// Deep returns a value without boxes, in maps and slices of anything too, for a
// template.
func (r *Runtime) Deep(x any) any {
	switch x := x.(type) {
	case boxed:
		return r.ExportAny(x)
	case map[string]any:
		m := make(map[string]any, len(x))
		for k, v := range x {
			m[k] = r.Deep(v)
		}
		return m
	case []any:
		s := make([]any, len(x))
		for i, v := range x {
			s[i] = r.Deep(v)
		}
		return s
	}
	return x
}
