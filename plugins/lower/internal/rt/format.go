package rt

import (
	"cmp"
	"fmt"
	"go/types"
	"io"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// Format writes what the box holds as fmt writes a value of its type.
func (v Value) Format(s fmt.State, verb rune) {
	p := &printer{s, verb, v.T.rt}
	p.value(v.T.typ, reflect.ValueOf(v.V), 0, true)
}

// A printer does what package fmt does, for types that reflection doesn't see.
type printer struct {
	fmt.State
	verb rune
	rt   *Runtime
}

func (p *printer) write(s string) { io.WriteString(p.State, s) }

// leaf has package fmt write a value.
func (p *printer) leaf(v any) { fmt.Fprintf(p.State, fmt.FormatString(p.State, p.verb), v) }

func (p *printer) sharp() bool { return p.verb == 'v' && p.Flag('#') }

// value writes a value of type t. Methods of the script's types count as far
// as the value could be had by reflection.
func (p *printer) value(t types.Type, v reflect.Value, depth int, visible bool) {
	if visible && v.IsValid() && p.methods(t, v) {
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		if isHost(v) {
			p.leaf(v.Interface())
			return
		}
		p.structure(t, u, v, depth, visible)
	case *types.Map:
		p.mapping(t, u, v, depth, visible)
	case *types.Slice:
		p.list(t, u.Elem(), v, depth, visible)
	case *types.Array:
		p.list(t, u.Elem(), v, depth, visible)
	case *types.Pointer:
		p.pointer(t, u, v, depth, visible)
	case *types.Interface:
		p.iface(t, v, depth, visible)
	case *types.Signature, *types.Chan:
		p.address(t, v)
	default:
		if p.sharp() && v.Kind() == reflect.Uintptr {
			p.write("0x" + strconv.FormatUint(v.Uint(), 16))
			return
		}
		p.scalar(t, v.Interface())
	}
}

// scalar writes a value by package fmt, under the name of its type where the
// verb isn't one for it.
func (p *printer) scalar(t types.Type, v any) {
	text := fmt.Sprintf(fmt.FormatString(p.State, p.verb), v)
	bad := "%!" + string(p.verb) + "("
	if rest, ok := strings.CutPrefix(text, bad+reflect.TypeOf(v).String()+"="); ok {
		text = bad + TypeString(t) + "=" + rest
	}
	p.write(text)
}

// isHost reports whether a struct is one of the host's.
func isHost(v reflect.Value) bool {
	return v.Type().PkgPath() != ""
}

// methods writes a value by a method of its type.
func (p *printer) methods(t types.Type, v reflect.Value) bool {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		ptr, isPtr := types.Unalias(t).(*types.Pointer)
		if !isPtr {
			return false
		}
		if n, ok = types.Unalias(ptr.Elem()).(*types.Named); !ok {
			return false
		}
	}
	if n.Obj().Pkg() == nil || types.IsInterface(n) {
		return false
	}
	if v.Type().PkgPath() != "" || v.Kind() == reflect.Pointer && v.Type().Elem().PkgPath() != "" {
		return p.hostMethods(v)
	}
	typ := p.find(t)
	if typ == nil {
		return false
	}
	box := Value{typ, v.Interface()}
	have := func(name string) bool { _, ok := p.rt.methods[typ.id][name]; return ok }
	if f, ok := p.rt.methods[typ.id]["Format"]; ok && f.Type().NumIn() == 3 && f.Type().In(1) == reflect.TypeFor[fmt.State]() {
		p.guarded(v, func() string { box.call("Format", p.State, p.verb); return "" }, true)
		return true
	}
	if p.sharp() {
		if have("GoString") {
			p.guarded(v, func() string { out, _ := box.call("GoString"); return out[0].(string) }, true)
			return true
		}
		return false
	}
	switch p.verb {
	case 'v', 's', 'x', 'X', 'q':
		name := ""
		if isString(p.rt.methods[typ.id]["Error"]) {
			name = "Error"
		} else if isString(p.rt.methods[typ.id]["String"]) {
			name = "String"
		}
		if name != "" {
			p.guarded(v, func() string { out, _ := box.call(name); return out[0].(string) }, false)
			return true
		}
	}
	return false
}

func isString(m reflect.Value) bool {
	return m.IsValid() && m.Type().NumIn() == 1 && m.Type().NumOut() == 1 && m.Type().Out(0).Kind() == reflect.String
}

// guarded writes what f returns, or that it panicked.
func (p *printer) guarded(v reflect.Value, f func() string, plain bool) {
	text, done := "", false
	func() {
		defer func() {
			if done {
				return
			}
			e := translate(recover())
			if v.Kind() == reflect.Pointer && v.IsNil() {
				text, plain = "<nil>", true
				return
			}
			text, plain = fmt.Sprintf("%%!%c(PANIC=String method: %v)", p.verb, e), true
		}()
		text = f()
		done = true
	}()
	if plain {
		p.write(text)
	} else {
		p.leaf(text)
	}
}

func (p *printer) hostMethods(v reflect.Value) bool {
	if !v.CanInterface() {
		return false
	}
	switch v.Interface().(type) {
	case fmt.Formatter, fmt.Stringer, error, fmt.GoStringer:
		p.leaf(v.Interface())
		return true
	}
	return false
}

// find returns the type at run time that t is.
func (p *printer) find(t types.Type) *Type {
	for _, known := range p.rt.types {
		if types.Identical(known.typ, t) {
			return known
		}
	}
	return nil
}

func (p *printer) structure(t types.Type, u *types.Struct, v reflect.Value, depth int, visible bool) {
	if p.sharp() {
		p.write(TypeString(t))
	}
	p.write("{")
	for i := range u.NumFields() {
		if i > 0 {
			if p.sharp() {
				p.write(", ")
			} else {
				p.write(" ")
			}
		}
		f := u.Field(i)
		if p.Flag('+') || p.Flag('#') {
			p.write(f.Name() + ":")
		}
		p.value(f.Type(), v.Field(i), depth+1, visible && f.Exported())
	}
	p.write("}")
}

func (p *printer) mapping(t types.Type, u *types.Map, v reflect.Value, depth int, visible bool) {
	open, between, end := "map[", " ", "]"
	if p.sharp() {
		if p.write(TypeString(t)); v.IsNil() {
			p.write("(nil)")
			return
		}
		open, between, end = "{", ", ", "}"
	}
	p.write(open)
	keys := v.MapKeys()
	sort.SliceStable(keys, func(i, j int) bool { return compare(keys[i], keys[j]) < 0 })
	for i, k := range keys {
		if i > 0 {
			p.write(between)
		}
		p.value(u.Key(), k, depth+1, visible)
		p.write(":")
		p.value(u.Elem(), v.MapIndex(k), depth+1, visible)
	}
	p.write(end)
}

func (p *printer) list(t, elem types.Type, v reflect.Value, depth int, visible bool) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		switch p.verb {
		case 's', 'q', 'x', 'X':
			p.leaf(bytesOf(v))
			return
		}
	}
	open, between, end := "[", " ", "]"
	if p.sharp() {
		if p.write(TypeString(t)); v.Kind() == reflect.Slice && v.IsNil() {
			p.write("(nil)")
			return
		}
		open, between, end = "{", ", ", "}"
	}
	p.write(open)
	for i := range v.Len() {
		if i > 0 {
			p.write(between)
		}
		p.value(elem, v.Index(i), depth+1, visible)
	}
	p.write(end)
}

func bytesOf(v reflect.Value) []byte {
	b := make([]byte, v.Len())
	for i := range b {
		b[i] = byte(v.Index(i).Uint())
	}
	return b
}

func (p *printer) pointer(t types.Type, u *types.Pointer, v reflect.Value, depth int, visible bool) {
	if depth == 0 && !v.IsNil() {
		switch u.Elem().Underlying().(type) {
		case *types.Array, *types.Slice, *types.Struct, *types.Map:
			p.write("&")
			p.value(u.Elem(), v.Elem(), depth+1, visible)
			return
		}
	}
	p.address(t, v)
}

// address writes a pointer, a function or a channel.
func (p *printer) address(t types.Type, v reflect.Value) {
	switch {
	case p.sharp():
		p.write("(" + TypeString(t) + ")(")
		if v.IsNil() {
			p.write("nil")
		} else {
			p.write("0x" + strconv.FormatUint(uint64(v.Pointer()), 16))
		}
		p.write(")")
	case p.verb == 'v' && v.IsNil():
		fmt.Fprintf(p.State, strings.Replace(fmt.FormatString(p.State, 's'), "+", "", 1), "<nil>")
	case p.verb == 'v' || p.verb == 'p':
		p.write("0x" + strconv.FormatUint(uint64(v.Pointer()), 16))
	case strings.ContainsRune("bodxX", p.verb):
		p.leaf(v.Pointer())
	default:
		p.write(fmt.Sprintf("%%!%c(%s=0x%x)", p.verb, TypeString(t), v.Pointer()))
	}
}

func (p *printer) iface(t types.Type, v reflect.Value, depth int, visible bool) {
	if v.IsNil() {
		if p.sharp() {
			p.write(TypeString(t) + "(nil)")
		} else {
			p.write("<nil>")
		}
		return
	}
	x := Canon(v.Interface())
	if b, ok := x.(boxed); ok {
		in := b.unboxed()
		p.value(in.T.typ, reflect.ValueOf(in.V), depth, visible)
		return
	}
	p.leaf(x)
}

// compare orders keys of a map as package fmt does.
func compare(a, b reflect.Value) int {
	switch {
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	}
	switch a.Kind() {
	case reflect.String:
		return cmp.Compare(a.String(), b.String())
	case reflect.Bool:
		n := map[bool]int{true: 1}
		return cmp.Compare(n[a.Bool()], n[b.Bool()])
	case reflect.Complex64, reflect.Complex128:
		return cmp.Or(cmp.Compare(real(a.Complex()), real(b.Complex())), cmp.Compare(imag(a.Complex()), imag(b.Complex())))
	case reflect.Pointer, reflect.Chan:
		return cmp.Compare(a.Pointer(), b.Pointer())
	case reflect.Struct:
		for i := range a.NumField() {
			if c := compare(a.Field(i), b.Field(i)); c != 0 {
				return c
			}
		}
	case reflect.Array:
		for i := range a.Len() {
			if c := compare(a.Index(i), b.Index(i)); c != 0 {
				return c
			}
		}
	case reflect.Interface:
		return compareAny(a, b)
	}
	return 0
}

func compareAny(a, b reflect.Value) int {
	x, y := Raw(a.Interface()), Raw(b.Interface())
	if x == nil || y == nil {
		n := map[bool]int{true: 1}
		return cmp.Compare(n[x != nil], n[y != nil])
	}
	v, w := reflect.ValueOf(x), reflect.ValueOf(y)
	if v.Kind() != w.Kind() {
		return cmp.Compare(v.Kind(), w.Kind())
	}
	return compare(v, w)
}
