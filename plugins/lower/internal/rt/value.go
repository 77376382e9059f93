package rt

import (
	"fmt"
	"go/types"
	"reflect"
)

// A Value is one of a script's type in an interface. V is of its lowered type.
type Value struct {
	T *Type
	V any
}

// An errorValue is one that is an error.
type errorValue struct{ Value }

// A looseError is one that can't be compared.
type looseError struct {
	Value
	_ [0]func()
}

// boxed is implemented by all boxes.
type boxed interface{ unboxed() Value }

func (v Value) unboxed() Value { return v }

// Box puts a value of the type with that number into a box.
func (r *Runtime) Box(id int, v any) any {
	t := r.types[id]
	switch {
	case !t.err:
		return Value{t, v}
	case types.Comparable(t.typ):
		return errorValue{Value{t, v}}
	}
	return looseError{Value: Value{t, v}}
}

// BoxError puts an error into a box.
func (r *Runtime) BoxError(id int, v any) error { return r.Box(id, v).(error) }

// Canon returns the value as it is in an interface of the script.
func Canon(x any) any {
	if w, ok := x.(wrapped); ok {
		v := w.unboxed()
		return v.T.rt.Box(v.T.id, v.V)
	}
	return x
}

// Unbox returns what the box holds if its type has that number.
func (r *Runtime) Unbox(id int, x any) (any, bool) {
	if b, ok := x.(boxed); ok {
		if v := b.unboxed(); v.T == r.types[id] {
			return v.V, true
		}
	}
	return nil, false
}

// Open returns the number of the value's type and what its box holds; -1 for a
// value of the host's.
func (r *Runtime) Open(x any) (int, any) {
	if x == nil {
		Nil()
	}
	if b, ok := x.(boxed); ok {
		v := b.unboxed()
		return v.T.id, v.V
	}
	return -1, nil
}

// Raw returns what a box holds; other values as they are.
func Raw(x any) any {
	if b, ok := x.(boxed); ok {
		return b.unboxed().V
	}
	return x
}

// Bound returns a method of a value of the host's.
func Bound(x any, name string) any {
	m := reflect.ValueOf(x).MethodByName(name)
	if !m.IsValid() {
		panic(fmt.Sprintf("no method %s in %T", name, x))
	}
	return m.Interface()
}

// Method tells the function for a method of a type.
func (r *Runtime) Method(id int, name string, f any) {
	if r.methods[id] == nil {
		r.methods[id] = map[string]reflect.Value{}
	}
	r.methods[id][name] = reflect.ValueOf(f)
}

// call calls a method of the value, if it has one of that name.
func (v Value) call(name string, args ...any) ([]any, bool) {
	m, ok := v.T.rt.methods[v.T.id][name]
	if !ok {
		return nil, false
	}
	in := []reflect.Value{reflect.ValueOf(&v.V).Elem()}
	for i, a := range args {
		p := reflect.New(m.Type().In(i + 1)).Elem()
		if a != nil {
			p.Set(reflect.ValueOf(a))
		}
		in = append(in, p)
	}
	var out []any
	for _, o := range m.Call(in) {
		out = append(out, o.Interface())
	}
	return out, true
}

func (v errorValue) Error() string { return v.text() }
func (v looseError) Error() string { return v.text() }

func (v Value) text() string {
	out, _ := v.call("Error")
	return out[0].(string)
}

func (v errorValue) Unwrap() []error { return v.wraps() }
func (v looseError) Unwrap() []error { return v.wraps() }

// wraps returns the errors that the error has in it.
func (v Value) wraps() []error {
	out, ok := v.call("Unwrap")
	if !ok || len(out) != 1 {
		return nil
	}
	switch e := out[0].(type) {
	case error:
		return []error{e}
	case []error:
		return e
	}
	return nil
}

func (v errorValue) Is(target error) bool { return v.is(target) }
func (v looseError) Is(target error) bool { return v.is(target) }

func (v Value) is(target error) bool {
	if m, ok := v.T.rt.methods[v.T.id]["Is"]; !ok || m.Type().NumIn() != 2 {
		return false
	}
	out, _ := v.call("Is", target)
	is, _ := out[0].(bool)
	return is
}

// AsError goes along the chain of err for an error of the type with that
// number, as errors.As does.
func (r *Runtime) AsError(err error, id int) (any, bool) {
	if err == nil {
		return nil, false
	}
	t := r.types[id]
	if types.IsInterface(t.typ) {
		if r.Implements(id, Canon(err)) {
			return Canon(err), true
		}
	} else if _, ok := r.Unbox(id, err); ok {
		return Canon(err), true
	}
	switch e := any(err).(type) { // the chain is walked here
	case interface{ Unwrap() error }:
		return r.AsError(e.Unwrap(), id)
	case interface{ Unwrap() []error }:
		for _, e := range e.Unwrap() {
			if v, ok := r.AsError(e, id); ok {
				return v, ok
			}
		}
	}
	return nil, false
}
