package lower

import (
	"fmt"
	"go/types"
	"strings"
)

// An env says what the type parameters of a function that is being lowered are.
type env map[*types.TypeParam]types.Type

// bind extends the environment by parameters and their arguments.
func (e env) bind(params *types.TypeParamList, args []types.Type) env {
	if params.Len() == 0 {
		return e
	}
	n := make(env, len(e)+len(args))
	for k, v := range e {
		n[k] = v
	}
	for i := range params.Len() {
		n[params.At(i)] = args[i]
	}
	return n
}

// subst replaces the type parameters in t.
func (p *program) subst(t types.Type, e env) types.Type {
	if len(e) == 0 || t == nil {
		return t
	}
	switch t := t.(type) {
	case *types.TypeParam:
		if a, ok := e[t]; ok {
			return a
		}
	case *types.Alias:
		return p.subst(types.Unalias(t), e)
	case *types.Named:
		if t.TypeArgs().Len() > 0 {
			args := make([]types.Type, t.TypeArgs().Len())
			for i := range args {
				args[i] = p.subst(t.TypeArgs().At(i), e)
			}
			if n, err := types.Instantiate(p.context, t.Origin(), args, false); err == nil {
				return n
			}
		}
	case *types.Pointer:
		return types.NewPointer(p.subst(t.Elem(), e))
	case *types.Slice:
		return types.NewSlice(p.subst(t.Elem(), e))
	case *types.Array:
		return types.NewArray(p.subst(t.Elem(), e), t.Len())
	case *types.Map:
		return types.NewMap(p.subst(t.Key(), e), p.subst(t.Elem(), e))
	case *types.Chan:
		return types.NewChan(t.Dir(), p.subst(t.Elem(), e))
	case *types.Tuple:
		return p.tuple(t, e)
	case *types.Signature:
		return types.NewSignatureType(nil, nil, nil, p.tuple(t.Params(), e), p.tuple(t.Results(), e), t.Variadic())
	case *types.Struct:
		fields := make([]*types.Var, t.NumFields())
		tags := make([]string, t.NumFields())
		for i := range fields {
			f := t.Field(i)
			fields[i] = types.NewField(f.Pos(), f.Pkg(), f.Name(), p.subst(f.Type(), e), f.Embedded())
			tags[i] = t.Tag(i)
		}
		return types.NewStruct(fields, tags)
	case *types.Interface:
		methods := make([]*types.Func, t.NumExplicitMethods())
		for i := range methods {
			m := t.ExplicitMethod(i)
			methods[i] = types.NewFunc(m.Pos(), m.Pkg(), m.Name(), p.subst(m.Type(), e).(*types.Signature))
		}
		embedded := make([]types.Type, t.NumEmbeddeds())
		for i := range embedded {
			embedded[i] = p.subst(t.EmbeddedType(i), e)
		}
		return types.NewInterfaceType(methods, embedded).Complete()
	case *types.Union:
		terms := make([]*types.Term, t.Len())
		for i := range terms {
			terms[i] = types.NewTerm(t.Term(i).Tilde(), p.subst(t.Term(i).Type(), e))
		}
		return types.NewUnion(terms)
	}
	return t
}

func (p *program) tuple(t *types.Tuple, e env) *types.Tuple {
	if t == nil {
		return nil
	}
	vars := make([]*types.Var, t.Len())
	for i := range vars {
		v := t.At(i)
		vars[i] = types.NewParam(v.Pos(), v.Pkg(), v.Name(), p.subst(v.Type(), e))
	}
	return types.NewTuple(vars...)
}

// key returns a text that is the same for identical types only.
func key(t types.Type) string {
	var b strings.Builder
	writeKey(&b, t)
	return b.String()
}

func writeKey(b *strings.Builder, t types.Type) {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		b.WriteString(types.Typ[t.Kind()].Name())
	case *types.Named:
		fmt.Fprintf(b, "%s@%p", t.Obj().Name(), t.Origin().Obj())
		for i := range t.TypeArgs().Len() {
			b.WriteString("[")
			writeKey(b, t.TypeArgs().At(i))
			b.WriteString("]")
		}
	case *types.TypeParam:
		fmt.Fprintf(b, "$%p", t)
	case *types.Pointer:
		b.WriteString("*")
		writeKey(b, t.Elem())
	case *types.Slice:
		b.WriteString("[]")
		writeKey(b, t.Elem())
	case *types.Array:
		fmt.Fprintf(b, "[%d]", t.Len())
		writeKey(b, t.Elem())
	case *types.Map:
		b.WriteString("map[")
		writeKey(b, t.Key())
		b.WriteString("]")
		writeKey(b, t.Elem())
	case *types.Chan:
		fmt.Fprintf(b, "chan%d ", t.Dir())
		writeKey(b, t.Elem())
	case *types.Tuple:
		b.WriteString("(")
		for i := range t.Len() {
			writeKey(b, t.At(i).Type())
			b.WriteString(",")
		}
		b.WriteString(")")
	case *types.Signature:
		fmt.Fprintf(b, "func%v", t.Variadic())
		writeKey(b, t.Params())
		writeKey(b, t.Results())
	case *types.Struct:
		b.WriteString("struct{")
		for i := range t.NumFields() {
			f := t.Field(i)
			fmt.Fprintf(b, "%s %v %q ", f.Id(), f.Embedded(), t.Tag(i))
			writeKey(b, f.Type())
			b.WriteString(";")
		}
		b.WriteString("}")
	case *types.Interface:
		b.WriteString("interface{")
		for i := range t.NumMethods() {
			b.WriteString(t.Method(i).Id())
			writeKey(b, t.Method(i).Type())
			b.WriteString(";")
		}
		b.WriteString("}")
	default:
		fmt.Fprintf(b, "%T", t)
	}
}
