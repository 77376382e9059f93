package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"strings"
)

// under returns t's underlying type.
func under(t types.Type) types.Type { return t.Underlying() }

func named(t types.Type) *types.Named {
	n, _ := types.Unalias(t).(*types.Named)
	return n
}

func isError(t types.Type) bool {
	n := named(t)
	return n != nil && n.Obj().Pkg() == nil && n.Obj().Name() == "error"
}

func isInterface(t types.Type) bool { return types.IsInterface(t) }

func basic(t types.Type) types.BasicInfo {
	if b, ok := under(t).(*types.Basic); ok {
		return b.Info()
	}
	return 0
}

// hostType returns the host's type that t is, or nil.
func (p *program) hostType(t types.Type) reflect.Type {
	n := named(t)
	if n == nil || n.Obj().Pkg() == nil {
		return nil
	}
	return p.host.Type(n)
}

// hostInterface reports whether variables of type t may hold the wrapper of a
// script's value that has the methods of t alone.
func (p *program) hostInterface(t types.Type) bool {
	h := p.hostType(t)
	return h != nil && h.Kind() == reflect.Interface && h.NumMethod() > 0
}

// typ returns the lowered form of t. Types that the script declares are their
// underlying types there; interfaces of the script are all the empty one.
func (p *program) typ(t types.Type) string {
	k := key(t)
	if s, ok := p.typs[k]; ok {
		if s == "" {
			p.refuse(named(t).Obj().Pos(), "type %s holds itself; make it a struct with a field for that", named(t).Obj().Name())
			return "h.Any"
		}
		return s
	}
	if named(t) != nil {
		p.typs[k] = "" // until it is known
	}
	s := p.newTyp(t)
	p.typs[k] = s
	if floats(t) {
		p.floaty[s] = true
	}
	return s
}

func (p *program) newTyp(t types.Type) string {
	t = types.Unalias(t)
	if n := named(t); n != nil {
		if isError(t) {
			return "h.Error"
		}
		if h := p.hostType(t); h != nil {
			return p.hostName(h)
		}
		if h := p.borrowed[n.Underlying()]; h != nil {
			return p.hostName(h)
		}
		if s, ok := n.Underlying().(*types.Struct); ok {
			return p.structure(t, n.Obj().Name(), s)
		}
		if s, ok := n.Underlying().(*types.Signature); ok && loops(n) {
			return p.selfFunc(t, s)
		}
		return p.typ(n.Underlying())
	}
	switch t := t.(type) {
	case *types.Basic:
		if t.Kind() == types.UnsafePointer || t.Kind() == types.Invalid {
			p.refuse(p.pos, "unsafe pointer; scripts have no business with memory")
			return "int"
		}
		if t.Kind() == types.UntypedNil {
			return "h.Any"
		}
		return types.Default(types.Typ[t.Kind()]).(*types.Basic).Name()
	case *types.Pointer:
		return "*" + p.typ(t.Elem())
	case *types.Slice:
		return "[]" + p.typ(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), p.typ(t.Elem()))
	case *types.Map:
		return "map[" + p.typ(t.Key()) + "]" + p.typ(t.Elem())
	case *types.Chan:
		return map[types.ChanDir]string{types.SendRecv: "chan ", types.SendOnly: "chan<- ", types.RecvOnly: "<-chan "}[t.Dir()] + p.typ(t.Elem())
	case *types.Signature:
		return "func" + p.signature(t)
	case *types.Struct:
		return p.structure(t, "", t)
	case *types.Interface:
		return "h.Any"
	}
	p.refuse(p.pos, "type %s can't be lowered", typeName(t))
	return "h.Any"
}

// floats reports whether a value of type t has floating-point numbers in it.
// The interpreter doesn't pass arguments that it takes for zero, and so makes
// 0 of -0; arguments of these types are passed by pointer.
func floats(t types.Type) bool {
	switch u := under(t).(type) {
	case *types.Basic:
		return u.Info()&(types.IsFloat|types.IsComplex) != 0
	case *types.Array:
		return floats(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if floats(f.Type()) {
				return true
			}
		}
	}
	return false
}

// param returns the lowered type of a parameter of a declared function.
func (p *program) param(typ string) string {
	if p.floaty[typ] {
		return "*" + typ
	}
	return typ
}

// pass returns the arguments of a call of a declared function, which are
// variables of these lowered types.
func (p *program) pass(args, typs []string) string {
	list := make([]string, len(args))
	for i, a := range args {
		if list[i] = a; p.floaty[typs[i]] {
			list[i] = "&" + a
		}
	}
	return strings.Join(list, ", ")
}

// typesOf returns the lowered types of the parameters.
func (p *program) typesOf(sig *types.Signature) (list []string) {
	for v := range sig.Params().Variables() {
		list = append(list, p.typ(v.Type()))
	}
	return list
}

// received returns the declaration of the parameter name, and the lines that
// take it where it is passed by pointer.
func (p *program) received(name, typ string) (string, []line) {
	if !p.floaty[typ] {
		return name + " " + typ, nil
	}
	return "p" + name + " *" + typ, []line{{p.pos, "var " + name + " " + typ}, {p.pos, name + " = *p" + name}}
}

// signature returns the parameters and results of a function type.
func (p *program) signature(t *types.Signature) string {
	var in, out []string
	for i := range t.Params().Len() {
		s := p.typ(t.Params().At(i).Type())
		if t.Variadic() && i == t.Params().Len()-1 {
			s = "..." + strings.TrimPrefix(s, "[]")
		}
		in = append(in, s)
	}
	for v := range t.Results().Variables() {
		out = append(out, p.typ(v.Type()))
	}
	return "(" + strings.Join(in, ", ") + ")" + results(out)
}

func results(out []string) string {
	switch len(out) {
	case 0:
		return ""
	case 1:
		return " " + out[0]
	}
	return " (" + strings.Join(out, ", ") + ")"
}

// structure returns the name of a struct type, which the host builds. The name
// is known before its fields are, which may lead back to it.
func (p *program) structure(t types.Type, hint string, s *types.Struct) string {
	name := p.unique("S", hint)
	if hint == "" {
		name = p.unique("S", "struct")
	}
	p.typs[key(t)] = "h." + name
	for f := range s.Fields() {
		p.typ(f.Type())
	}
	p.structs = append(p.structs, structName{name, t})
	return "h." + name
}

// selfFunc returns the name of a function type that has itself among its
// parameters or results, which the host builds.
func (p *program) selfFunc(t types.Type, s *types.Signature) string {
	name := p.unique("S", named(t).Obj().Name())
	p.typs[key(t)] = "h." + name
	p.signature(s)
	p.structs = append(p.structs, structName{name, t})
	return "h." + name
}

// loops reports whether a type leads back to itself with no struct between.
func loops(n *types.Named) bool {
	var reach func(t types.Type, seen map[types.Type]bool) bool
	reach = func(t types.Type, seen map[types.Type]bool) bool {
		t = types.Unalias(t)
		if m, ok := t.(*types.Named); ok {
			if m == n && len(seen) > 0 {
				return true
			}
			if seen[m] {
				return false
			}
			seen[m] = true
		}
		switch u := t.Underlying().(type) {
		case *types.Map:
			return reach(u.Key(), seen) || reach(u.Elem(), seen)
		case interface{ Elem() types.Type }:
			return reach(u.Elem(), seen)
		case *types.Signature:
			for _, tuple := range []*types.Tuple{u.Params(), u.Results()} {
				for v := range tuple.Variables() {
					if reach(v.Type(), seen) {
						return true
					}
				}
			}
		}
		return false
	}
	return reach(n, map[types.Type]bool{})
}

// fieldName returns the lowered name of a field. The interpreter exports all
// fields, so those that aren't exported need names of their own.
func fieldName(s *types.Struct, i int) string {
	f := s.Field(i)
	switch {
	case f.Name() == "_":
		return fmt.Sprint("B_", i)
	case ast.IsExported(f.Name()):
		return f.Name()
	}
	return "U_" + f.Name()
}

// hostName returns the name under which the lowered text sees a host's type.
func (p *program) hostName(h reflect.Type) string {
	name, ok := p.hostNames[h]
	if !ok {
		name = fmt.Sprintf("T%d_%s", len(p.hostNames), ident(h.Name()))
		p.hostNames[h] = name
		p.exports[name] = reflect.Zero(reflect.PointerTo(h))
	}
	return "h." + name
}

// zero returns an expression for the zero value of t.
func (p *program) zero(t types.Type) string {
	switch u := under(t).(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsBoolean != 0:
			return "false"
		case u.Info()&types.IsString != 0:
			return `""`
		case u.Info()&types.IsComplex != 0:
			return "complex(0, 0)"
		case u.Info()&types.IsNumeric != 0:
			return "0"
		}
		return "nil"
	case *types.Struct, *types.Array:
		return p.typ(t) + "{}"
	case *types.Interface:
		if p.hostInterface(t) {
			return p.null(p.typ(t))
		}
	}
	return "nil"
}

// null returns a variable that is nil, for an interface type of the host: the
// interpreter looks for a wrapper to assign nil itself.
func (p *program) null(typ string) string {
	name, ok := p.nulls[typ]
	if !ok {
		name = p.unique("Z", typ)
		p.nulls[typ] = name
		p.varDecls = append(p.varDecls, line{text: "var " + name + " " + typ})
	}
	return name
}

// native reports whether a value of type t is of the same type at run time as
// when compiled: nothing in t was declared by a script.
func (p *program) native(t types.Type) bool {
	k := key(t)
	if n, ok := p.natives[k]; ok {
		return n
	}
	p.natives[k] = true
	n := p.isNative(types.Unalias(t))
	p.natives[k] = n
	return n
}

func (p *program) isNative(t types.Type) bool {
	if named(t) != nil {
		return isError(t) || p.hostType(t) != nil
	}
	switch t := t.(type) {
	case *types.Basic:
		return true
	case *types.Pointer:
		return p.native(t.Elem())
	case *types.Slice:
		return p.native(t.Elem())
	case *types.Array:
		return p.native(t.Elem())
	case *types.Map:
		return p.native(t.Key()) && p.native(t.Elem())
	case *types.Chan:
		return p.native(t.Elem())
	case *types.Tuple:
		for v := range t.Variables() {
			if !p.native(v.Type()) {
				return false
			}
		}
		return true
	case *types.Signature:
		return p.native(t.Params()) && p.native(t.Results())
	case *types.Interface:
		return t.NumMethods() == 0
	}
	return false
}

func typeName(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

// ident makes a part of a name of s.
func ident(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
