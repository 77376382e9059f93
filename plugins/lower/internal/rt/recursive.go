package rt

import (
	"reflect"
	"unsafe"
)

// Placeholder returns a type that stands for the struct type with that number
// behind a pointer, or the like, until the struct type is known.
func Placeholder(n int) reflect.Type { return reflect.ArrayOf(n+1, reflect.TypeFor[struct{}]()) }

// structType is the head of reflection's description of a struct type; see
// internal/abi.StructType. A test holds it to the Go version in use.
type structType struct {
	_      [abiTypeSize]byte
	_      *byte // package path
	fields []structField
}

type structField struct {
	_   *byte // name
	typ unsafe.Pointer
	_   uintptr // offset
}

const abiTypeSize = 4*unsafe.Sizeof(uintptr(0)) + 16

// SetField gives a field of a struct type that reflect.StructOf made its true
// type, which has to look the same in memory as the one it had. Reflection has
// no other way to a type that leads back to itself. It reports whether it has
// worked.
func SetField(s reflect.Type, i int, t reflect.Type) bool {
	d := (*structType)(pointer(s))
	if s.Field(i).Type.Size() != t.Size() || len(d.fields) != s.NumField() || d.fields[i].typ != pointer(s.Field(i).Type) {
		return false
	}
	d.fields[i].typ = pointer(t)
	return s.Field(i).Type == t
}

// SetParam gives a parameter of a function type that reflect.FuncOf made its
// true type; results count after parameters. It reports whether it has worked.
func SetParam(f reflect.Type, i int, t reflect.Type) bool {
	at := func() reflect.Type {
		if i < f.NumIn() {
			return f.In(i)
		}
		return f.Out(i - f.NumIn())
	}
	size := (abiTypeSize + 4 + unsafe.Sizeof(uintptr(0)) - 1) &^ (unsafe.Sizeof(uintptr(0)) - 1)
	slot := (*unsafe.Pointer)(unsafe.Add(pointer(f), size+uintptr(i)*unsafe.Sizeof(uintptr(0))))
	if *slot != pointer(at()) || at().Size() != t.Size() {
		return false
	}
	*slot = pointer(t)
	return at() == t
}

// pointer returns the address of the description of t.
func pointer(t reflect.Type) unsafe.Pointer {
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&t))[1]
}
