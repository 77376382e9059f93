package check

import (
	"go/token"
	"go/types"
	"reflect"

	"mts/core"
)

// composite returns t's underlying type.
func (r *reflected) composite(t reflect.Type) types.Type {
	switch t.Kind() {
	case reflect.Pointer:
		return types.NewPointer(r.typ(t.Elem()))
	case reflect.Slice:
		return types.NewSlice(r.typ(t.Elem()))
	case reflect.Array:
		return types.NewArray(r.typ(t.Elem()), int64(t.Len()))
	case reflect.Map:
		return types.NewMap(r.typ(t.Key()), r.typ(t.Elem()))
	case reflect.Chan:
		return types.NewChan(direction(t.ChanDir()), r.typ(t.Elem()))
	case reflect.Func:
		return r.signature(t, nil, 0)
	case reflect.Struct:
		return r.structure(t)
	case reflect.Interface:
		return r.iface(t)
	}
	if basic := types.Universe.Lookup(t.Kind().String()); basic != nil {
		return basic.Type()
	}
	return types.Typ[types.Invalid]
}

func direction(d reflect.ChanDir) types.ChanDir {
	switch d {
	case reflect.SendDir:
		return types.SendOnly
	case reflect.RecvDir:
		return types.RecvOnly
	}
	return types.SendRecv
}

// structure keeps the fields that a script can name. One blank field stands
// for the others and for whether the struct can be compared.
func (r *reflected) structure(t reflect.Type) types.Type {
	pkg := r.pkg(t.PkgPath())
	var fields []*types.Var
	var tags []string
	add := func(name string, typ types.Type, embedded bool, tag reflect.StructTag) {
		fields = append(fields, types.NewField(token.NoPos, pkg, name, typ, embedded))
		tags = append(tags, string(tag))
	}
	rest := false
	for f := range t.Fields() {
		if (f.IsExported() || f.Anonymous) && !hidden(f.Type) {
			add(f.Name, r.typ(f.Type), f.Anonymous, f.Tag)
		} else {
			rest = true
		}
	}
	if rest {
		var typ types.Type = types.NewStruct(nil, nil)
		if !t.Comparable() {
			typ = types.NewSlice(typ)
		}
		add("_", typ, false, "")
	}
	return types.NewStruct(fields, tags)
}

func (r *reflected) iface(t reflect.Type) types.Type {
	var methods []*types.Func
	for m := range t.Methods() {
		pkg := r.pkg(t.PkgPath())
		if m.PkgPath != "" {
			pkg = r.pkg(m.PkgPath)
		}
		methods = append(methods, types.NewFunc(token.NoPos, pkg, m.Name, r.signature(m.Type, nil, 0)))
	}
	return types.NewInterfaceType(methods, nil).Complete()
}

// hidden reports whether t is about memory, reflection or the inside of the
// server, which a script has no business with.
func hidden(t reflect.Type) bool {
	switch {
	case t == reflect.TypeFor[core.Host](), t.PkgPath() == "reflect", t.Kind() == reflect.UnsafePointer:
		return true
	case t.PkgPath() != "":
		return false
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map, reflect.Chan:
		return hidden(t.Elem())
	case reflect.Func:
		for in := range t.Ins() {
			if hidden(in) {
				return true
			}
		}
		for out := range t.Outs() {
			if hidden(out) {
				return true
			}
		}
	}
	return false
}
