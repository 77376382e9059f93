package rt

import (
	"fmt"
	"go/types"
	"strconv"
	"strings"
)

// reflected writes a type as reflection does.
func reflected(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return types.Typ[t.Kind()].Name()
	case *types.Named:
		name := t.Obj().Name()
		if t.Obj().Pkg() != nil {
			name = t.Obj().Pkg().Name() + "." + name
		}
		var args []string
		for i := range t.TypeArgs().Len() {
			args = append(args, pathed(t.TypeArgs().At(i)))
		}
		if len(args) > 0 {
			name += "[" + strings.Join(args, ",") + "]"
		}
		return name
	case *types.Pointer:
		return "*" + reflected(t.Elem())
	case *types.Slice:
		return "[]" + reflected(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), reflected(t.Elem()))
	case *types.Map:
		return "map[" + reflected(t.Key()) + "]" + reflected(t.Elem())
	case *types.Chan:
		return map[types.ChanDir]string{types.SendRecv: "chan ", types.SendOnly: "chan<- ", types.RecvOnly: "<-chan "}[t.Dir()] + reflected(t.Elem())
	case *types.Signature:
		return "func" + signature(t)
	case *types.Struct:
		return structure(t)
	case *types.Interface:
		if t.NumMethods() == 0 {
			return "interface {}"
		}
		var list []string
		for i := range t.NumMethods() {
			list = append(list, t.Method(i).Name()+signature(t.Method(i).Signature()))
		}
		return "interface { " + strings.Join(list, "; ") + " }"
	}
	return t.String()
}

// pathed writes a type argument, with the path of its package.
func pathed(t types.Type) string {
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil {
		short := reflected(t)
		return n.Obj().Pkg().Path() + short[strings.IndexByte(short, '.'):]
	}
	return reflected(t)
}

func signature(t *types.Signature) string {
	var in, out []string
	for i := range t.Params().Len() {
		s := reflected(t.Params().At(i).Type())
		if t.Variadic() && i == t.Params().Len()-1 {
			s = "..." + strings.TrimPrefix(s, "[]")
		}
		in = append(in, s)
	}
	for v := range t.Results().Variables() {
		out = append(out, reflected(v.Type()))
	}
	s := "(" + strings.Join(in, ", ") + ")"
	switch len(out) {
	case 0:
		return s
	case 1:
		return s + " " + out[0]
	}
	return s + " (" + strings.Join(out, ", ") + ")"
}

func structure(t *types.Struct) string {
	if t.NumFields() == 0 {
		return "struct {}"
	}
	var list []string
	for i := range t.NumFields() {
		f := t.Field(i)
		s := reflected(f.Type())
		if !f.Embedded() {
			s = f.Name() + " " + s
		}
		if tag := t.Tag(i); tag != "" {
			s += " " + strconv.Quote(tag)
		}
		list = append(list, s)
	}
	return "struct { " + strings.Join(list, "; ") + " }"
}
