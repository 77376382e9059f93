package rt

import (
	"fmt"
	"go/types"
	"reflect"
)

// Implements reports whether a value has the methods of the interface type
// with that number.
func (r *Runtime) Implements(id int, x any) bool {
	if x == nil {
		return false
	}
	iface := r.types[id].typ.Underlying().(*types.Interface)
	if b, ok := x.(boxed); ok {
		return types.Implements(b.unboxed().T.typ, iface)
	}
	t := reflect.TypeOf(x)
	for i := range iface.NumMethods() {
		m := iface.Method(i)
		have, ok := t.MethodByName(m.Name())
		if !ok || !m.Exported() || have.Type.NumIn()-1 != m.Signature().Params().Len() || have.Type.NumOut() != m.Signature().Results().Len() {
			return false
		}
	}
	return true
}

// Asserter returns a function that asserts that a value is of the host's
// interface t. A box becomes a wrapper that has t's methods.
func (r *Runtime) Asserter(t reflect.Type) reflect.Value {
	typ := reflect.FuncOf([]reflect.Type{reflect.TypeFor[any]()}, []reflect.Type{t, reflect.TypeFor[bool]()}, false)
	return reflect.MakeFunc(typ, func(in []reflect.Value) []reflect.Value {
		out := reflect.New(t).Elem()
		x := Canon(in[0].Interface())
		v, ok := as(x, t)
		if ok {
			out.Set(v)
		}
		return []reflect.Value{out, reflect.ValueOf(ok)}
	})
}

func as(x any, t reflect.Type) (reflect.Value, bool) {
	if x == nil {
		return reflect.Value{}, false
	}
	b, ok := x.(boxed)
	if !ok {
		v := reflect.ValueOf(x)
		return v, v.Type().Implements(t)
	}
	if t == reflect.TypeFor[error]() {
		_, ok := x.(error)
		return reflect.ValueOf(x), ok
	}
	v := b.unboxed()
	set := types.NewMethodSet(v.T.typ)
	for m := range t.Methods() {
		have, ok := v.T.rt.methods[v.T.id][m.Name]
		if !ok || set.Lookup(nil, m.Name) == nil || !sameMethod(have.Type(), m.Type) {
			return reflect.Value{}, false
		}
	}
	wrap := wrappers[t]
	if wrap == nil {
		return reflect.Value{}, false
	}
	return reflect.ValueOf(wrap(v)), true
}

// sameMethod reports whether the function have, whose first parameter is the
// receiver, has the signature want.
func sameMethod(have, want reflect.Type) bool {
	if have.NumIn() != want.NumIn()+1 || have.NumOut() != want.NumOut() {
		return false
	}
	for i := range want.NumIn() {
		if have.In(i+1) != want.In(i) {
			return false
		}
	}
	for i := range want.NumOut() {
		if have.Out(i) != want.Out(i) {
			return false
		}
	}
	return true
}

// wrapped is implemented by the wrappers that have the methods of one of the
// host's interfaces alone.
type wrapped interface {
	boxed
	wrapped()
}

// A wrapper is what the wrappers have in common.
type wrapper struct{ Value }

func (wrapper) wrapped() {}

func (w wrapper) method(name string) any { return w.T.rt.methods[w.T.id][name].Interface() }

// Calls reports whether the host may call a method of that name.
func (r *Runtime) Calls(name string) bool { return called[name] }

// called are the names of methods that the host calls.
var called = func() map[string]bool {
	m := map[string]bool{"Unwrap": true, "Is": true, "Error": true, "String": true, "GoString": true, "Format": true}
	for t := range wrappers {
		for f := range t.Methods() {
			m[f.Name] = true
		}
	}
	return m
}()

// Failed ends the script as a type assertion that doesn't hold does.
func (r *Runtime) Failed(static, want int, x any) {
	panic(assertion(r.message(r.types[static].typ, r.types[want].typ, Canon(x))))
}

// An assertion is the error of a type assertion.
type assertion string

func (a assertion) Error() string { return string(a) }

// RuntimeError makes it a runtime.Error.
func (assertion) RuntimeError() {}

func (r *Runtime) message(static, want types.Type, x any) string {
	const head = "interface conversion: "
	iface, isIface := want.Underlying().(*types.Interface)
	if x == nil {
		if isIface {
			return head + "interface is nil, not " + TypeString(want)
		}
		return head + staticName(static) + " is nil, not " + TypeString(want)
	}
	have := typeString(x)
	if isIface {
		missing := ""
		for i := range iface.NumMethods() {
			if m := iface.Method(i); missing == "" && !hasMethod(x, m) {
				missing = m.Name()
			}
		}
		return head + have + " is not " + TypeString(want) + ": missing method " + missing
	}
	text := head + staticName(static) + " is " + have + ", not " + TypeString(want)
	if have == TypeString(want) {
		text += " (types from different scopes)"
	}
	return text
}

func hasMethod(x any, m *types.Func) bool {
	if b, ok := x.(boxed); ok {
		return types.NewMethodSet(b.unboxed().T.typ).Lookup(m.Pkg(), m.Name()) != nil
	}
	_, ok := reflect.TypeOf(x).MethodByName(m.Name())
	return ok
}

func staticName(t types.Type) string {
	if _, ok := t.(*types.Named); !ok {
		return "interface {}"
	}
	return TypeString(t)
}

// TypeString returns a type as reflection writes it.
func TypeString(t types.Type) string { return reflected(t) }

func typeString(x any) string {
	if b, ok := x.(boxed); ok {
		return TypeString(b.unboxed().T.typ)
	}
	return fmt.Sprintf("%T", x)
}
