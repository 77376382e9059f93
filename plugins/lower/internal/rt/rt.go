// Package rt is what lowered scripts call in the host: what the interpreter
// can't do, or does in another way than compiled code.
package rt

//go:generate go run ./gen z_wrappers.go

import (
	"go/types"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// A Runtime serves one script. Only one goroutine may run the script at a time.
type Runtime struct {
	types   []*Type
	methods map[int]map[string]reflect.Value
	pending *Defers // whose deferred call is about to begin

	// Place is the number of the last place where the script ended; -1 if it
	// isn't known.
	Place int
	// Recovered is called when the script has recovered from a panic.
	Recovered func()
}

// A Type is one of the script's at run time.
type Type struct {
	id  int
	typ types.Type
	rt  *Runtime
	err bool // has the method Error() string
}

// New returns a runtime that knows no types yet.
func New() *Runtime {
	return &Runtime{methods: map[int]map[string]reflect.Value{}, Place: -1, Recovered: func() {}}
}

// At tells the number of a place where the script is about to end.
func (r *Runtime) At(place int) { r.Place = place }

// SetTypes tells the types that the script knows by number.
func (r *Runtime) SetTypes(list []types.Type) {
	r.types = nil
	iface := types.Universe.Lookup("error").Type().Underlying().(*types.Interface)
	for i, t := range list {
		r.types = append(r.types, &Type{i, t, r, !types.IsInterface(t) && types.Implements(t, iface)})
	}
}

// Exports returns the symbols for the interpreter.
func (r *Runtime) Exports() map[string]reflect.Value {
	e := map[string]reflect.Value{
		"Any":    reflect.ValueOf((*any)(nil)),
		"Error":  reflect.ValueOf((*error)(nil)),
		"Defers": reflect.ValueOf((*Defers)(nil)),
	}
	for name, f := range map[string]any{
		"Run": r.Run, "Enter": r.Enter, "Recover": r.Recover, "Panic": Panic,
		"Box": r.Box, "BoxError": r.BoxError, "Unbox": r.Unbox, "Open": r.Open, "Bound": Bound, "Canon": Canon,
		"Raw": Raw, "Implements": r.Implements, "Failed": r.Failed, "Method": r.Method, "AsError": r.AsError,
		"Index": Index, "Slice": Slice, "Shift": Shift, "Nil": Nil, "Make": Make, "ToArray": ToArray, "Yielded": Yielded,
		"Keys": Keys, "Pairs": Pairs, "Clear": Clear, "Rune": utf8.DecodeRuneInString, "Print": Print,
		"Big": Big, "Small": Small, "Float32": Float32, "Min": Min, "Max": Max, "At": r.At, "Format": r.Format, "Joined": r.Joined,
		"Export": r.Export, "Root": r.Root, "Deep": r.Deep, "ExportAny": r.ExportAny, "Target": r.Target, "Import": r.Import,
	} {
		e[name] = reflect.ValueOf(f)
	}
	return e
}

// Keys returns the keys that a map has, as a slice.
func Keys(m any) any {
	v := reflect.ValueOf(m)
	keys := reflect.MakeSlice(reflect.SliceOf(v.Type().Key()), 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		keys = reflect.Append(keys, it.Key())
	}
	return keys.Interface()
}

// Pairs returns the keys and the values that a map has, as slices.
func Pairs(m any) (any, any) {
	v := reflect.ValueOf(m)
	keys := reflect.MakeSlice(reflect.SliceOf(v.Type().Key()), 0, v.Len())
	values := reflect.MakeSlice(reflect.SliceOf(v.Type().Elem()), 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		keys = reflect.Append(keys, it.Key())
		values = reflect.Append(values, it.Value())
	}
	return keys.Interface(), values.Interface()
}

// Clear removes all that a map has.
func Clear(m any) { reflect.ValueOf(m).Clear() }

// Big and Small return whole numbers that the interpreter can't read.
func Big(s string) uint64 {
	n, _ := strconv.ParseUint(s, 10, 64)
	return n
}

func Small(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// Float32 rounds once, where reflection rounds twice.
func Float32(n any) float32 {
	v := reflect.ValueOf(n)
	if v.CanInt() {
		return float32(v.Int())
	}
	return float32(v.Uint())
}

// Min and Max are the builtins for floating-point numbers.
func Min(a, b float64) float64 { return min(a, b) }
func Max(a, b float64) float64 { return max(a, b) }

// Print is the builtin print, or println.
func Print(line bool, args ...any) {
	for i, a := range args {
		if line && i > 0 {
			print(" ")
		}
		v := reflect.ValueOf(a)
		switch {
		case !v.IsValid():
			print("nil")
		case v.Kind() == reflect.Bool:
			print(v.Bool())
		case v.Kind() == reflect.String:
			print(v.String())
		case v.CanInt():
			print(v.Int())
		case v.CanUint():
			print(v.Uint())
		case v.CanFloat():
			print(v.Float())
		case v.CanComplex():
			print(v.Complex())
		default:
			print("?")
		}
	}
	if line {
		println()
	}
}
