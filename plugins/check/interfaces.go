package check

import (
	"go/ast"
	"go/types"
	"slices"
)

// convert looks at e where it becomes a value of type to; host is the foreign
// function that it is handed to, or nil.
func (l *linter) convert(e ast.Expr, to types.Type, host *types.Func) {
	from := l.info.TypeOf(e)
	if to == nil || from == nil || !types.IsInterface(to) || types.IsInterface(from) {
		return
	}
	named := l.own(from)
	if named != nil {
		l.typedNil(e, from)
	}
	switch iface := to.Underlying().(*types.Interface); {
	case named != nil && types.Identical(to, errorType):
		if _, ok := named.Underlying().(*types.Struct); ok && types.Identical(from, named) {
			l.add(e.Pos(), "error that is a struct loses its method; use &%s{…}", named.Obj().Name())
		}
	case iface.NumMethods() > 0:
	case named != nil && host == nil && methods(named) > 0:
		l.add(e.Pos(), "value of type %s breaks in an empty interface, because it has methods; use an interface with those methods", named.Obj().Name())
	case host != nil && host.Pkg() != nil:
		l.handed(e, from, host)
	}
}

// typedNil: a nil pointer in an interface is a nil interface.
func (l *linter) typedNil(e ast.Expr, from types.Type) {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if _, pointer := from.(*types.Pointer); !ok || !pointer {
		return
	}
	if v, ok := l.info.Uses[id].(*types.Var); ok && l.unset[v] {
		l.add(e.Pos(), "nil pointer in an interface is the interface's nil; declare %s with the interface type", id.Name)
	}
}

func methods(n *types.Named) int { return types.NewMethodSet(types.NewPointer(n)).Len() }

// encoders go through the fields of what they are handed.
var encoders = []string{"encoding/json", "encoding/xml", "encoding/binary"}

// handed: a foreign function that is handed anything looks at its methods and
// fields by itself, and finds neither the methods nor the names of the fields.
func (l *linter) handed(e ast.Expr, from types.Type, host *types.Func) {
	speaks := func(n *types.Named) bool {
		for _, name := range []string{"String", "Error"} {
			if m, _, _ := types.LookupFieldOrMethod(n, true, l.pkg, name); m != nil {
				if _, ok := m.(*types.Func); ok {
					return true
				}
			}
		}
		return false
	}
	path := host.Pkg().Path()
	switch {
	case l.reaches(from, speaks):
		l.add(e.Pos(), "other packages don't call String or Error of a script's type; hand over x.String(), or a variable of type error")
	case path == "mts/plugins/symbols/internal/template" && l.reaches(from, func(n *types.Named) bool { return methods(n) > 0 }):
		l.add(e.Pos(), "templates don't find methods of a script's type; hand them a map or a plain struct")
	case slices.Contains(encoders, path) && l.reaches(from, irregular):
		l.add(e.Pos(), "fields that are embedded or in lower case are encoded under made-up names; use a struct of plain exported fields")
	}
}

// irregular reports whether n is a struct with fields that aren't exported
// under their own name.
func irregular(n *types.Named) bool {
	s, ok := n.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if f.Embedded() || !f.Exported() {
			return true
		}
	}
	return false
}

// reaches reports whether a value of type t leads to one of a script's types
// for which is holds, without a call.
func (l *linter) reaches(t types.Type, is func(*types.Named) bool) bool {
	return l.reach(t, is, map[types.Type]bool{})
}

func (l *linter) reach(t types.Type, is func(*types.Named) bool, seen map[types.Type]bool) bool {
	t = types.Unalias(t)
	if seen[t] {
		return false
	}
	seen[t] = true
	if n, ok := t.(*types.Named); ok {
		if n.Obj().Pkg() != l.pkg {
			return false
		}
		if is(n) {
			return true
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return l.reach(u.Elem(), is, seen)
	case *types.Slice:
		return l.reach(u.Elem(), is, seen)
	case *types.Array:
		return l.reach(u.Elem(), is, seen)
	case *types.Map:
		return l.reach(u.Key(), is, seen) || l.reach(u.Elem(), is, seen)
	case *types.Struct:
		for f := range u.Fields() {
			if l.reach(f.Type(), is, seen) {
				return true
			}
		}
	}
	return false
}
