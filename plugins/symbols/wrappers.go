package symbols

import (
	"encoding"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"reflect"
)

// wrappers lists, for functions that look for methods in arguments of type
// any, the interfaces whose methods a script's value keeps when it gets there.
func wrappers() map[reflect.Value][]reflect.Type {
	text, unmarshal := reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()
	m := map[reflect.Value][]reflect.Type{
		reflect.ValueOf(json.Marshal):       {reflect.TypeFor[json.Marshaler](), text},
		reflect.ValueOf(json.MarshalIndent): {reflect.TypeFor[json.Marshaler](), text},
		reflect.ValueOf(json.Unmarshal):     {reflect.TypeFor[json.Unmarshaler](), unmarshal},
		reflect.ValueOf(xml.Marshal):        {reflect.TypeFor[xml.Marshaler](), text},
		reflect.ValueOf(xml.MarshalIndent):  {reflect.TypeFor[xml.Marshaler](), text},
		reflect.ValueOf(xml.Unmarshal):      {reflect.TypeFor[xml.Unmarshaler](), unmarshal},
	}
	for _, f := range []any{
		fmt.Append, fmt.Appendf, fmt.Appendln, fmt.Errorf, fmt.Fprint, fmt.Fprintf, fmt.Fprintln,
		fmt.Sprint, fmt.Sprintf, fmt.Sprintln,
	} {
		m[reflect.ValueOf(f)] = []reflect.Type{reflect.TypeFor[fmt.Formatter](), reflect.TypeFor[fmt.Stringer]()}
	}
	return m
}
