package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"mts/core/units"
)

// A decoder sets a Config from a parsed document and goes on after a problem,
// so that the first in the file can be told. The TOML library's own decoder
// goes through a table in random order, stops at the first error it meets and
// takes keys in any case.
type decoder struct {
	dir      string // where relative paths start
	problems []problem
}

func (d *decoder) addf(key, format string, args ...any) {
	d.problems = append(d.problems, problem{key, fmt.Sprintf(format, args...)})
}

// decode sets v from data, which the file has at key; is is v's tag.
func (d *decoder) decode(key string, data any, v reflect.Value, is string) {
	from := reflect.ValueOf(data)
	switch to := v.Addr().Interface().(type) {
	case *time.Duration:
		d.duration(key, data, to, is)
	case *units.Size:
		d.size(key, data, to)
	default:
		switch {
		case v.Kind() == reflect.Struct && from.Kind() == reflect.Map:
			d.table(key, data.(map[string]any), v)
		case v.Kind() == reflect.Map && from.Kind() == reflect.Map:
			d.named(key, data.(map[string]any), v, is)
		case v.Kind() == reflect.Slice && from.Kind() == reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), from.Len(), from.Len()))
			for i := range from.Len() {
				d.decode(fmt.Sprintf("%s[%d]", key, i), from.Index(i).Interface(), v.Index(i), is)
			}
		default:
			d.scalar(key, data, v, is)
		}
	}
}

func (d *decoder) scalar(key string, data any, v reflect.Value, is string) {
	switch from := data.(type) {
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(from)
			return
		}
	case int64:
		if v.Kind() == reflect.Int {
			if from < 0 || v.OverflowInt(from) {
				d.addf(key, "%d is negative or too large", from)
			}
			v.SetInt(from)
			return
		}
	case string:
		if v.Kind() == reflect.String {
			s, err := d.text(is, from)
			if err != nil {
				d.addf(key, "%v", err)
			}
			v.SetString(s)
			return
		}
	}
	d.mismatch(key, data, v.Type())
}

func (d *decoder) duration(key string, data any, to *time.Duration, is string) {
	text, ok := data.(string)
	if !ok {
		d.mismatch(key, data, reflect.TypeOf(*to))
		return
	}
	n, err := time.ParseDuration(text)
	switch {
	case err != nil:
		d.addf(key, `%q is no duration such as "30s" or "1h30m"`, text)
	case n < 0 || n == 0 && is != "zero":
		d.addf(key, "%q is too short, a positive duration is needed", text)
	}
	*to = n
}

func (d *decoder) size(key string, data any, to *units.Size) {
	switch data.(type) {
	case string, int64:
		if err := to.UnmarshalText([]byte(fmt.Sprint(data))); err != nil {
			d.addf(key, "%v", err)
		}
	default:
		d.mismatch(key, data, reflect.TypeOf(*to))
	}
}

// table sets the fields of struct v.
func (d *decoder) table(key string, data map[string]any, v reflect.Value) {
	known := keys(v.Type())
	for name, value := range data {
		path := join(key, name)
		if i := slices.Index(known, name); i >= 0 && name != "" {
			d.decode(path, value, v.Field(i), v.Type().Field(i).Tag.Get("is"))
			continue
		}
		plugins, _ := v.Addr().Interface().(*Plugins)
		settings, isTable := plain(value).(map[string]any)
		if plugins == nil || !isTable {
			d.addf(path, "unknown key%s", suggest(name, known))
			continue
		}
		if plugins.Settings == nil {
			plugins.Settings = map[string]map[string]any{}
		}
		plugins.Settings[name] = settings
	}
}

// named sets the elements of map v, whose names have to be what is says.
func (d *decoder) named(key string, data map[string]any, v reflect.Value, is string) {
	v.Set(reflect.MakeMap(v.Type()))
	for name, value := range data {
		path := join(key, name)
		if _, err := d.text(is, name); err != nil {
			d.addf(path, "%v", err)
		}
		element := reflect.New(v.Type().Elem()).Elem()
		d.decode(path, value, element, "")
		v.SetMapIndex(reflect.ValueOf(name), element)
	}
}

func (d *decoder) mismatch(key string, data any, want reflect.Type) {
	d.addf(key, "must be %s, not %s", describe(want), describe(reflect.TypeOf(data)))
}

// describe names the TOML type that a Go type is made of.
func describe(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return `a duration such as "30s"`
	case reflect.TypeFor[units.Size]():
		return `a size such as "10MB"`
	case reflect.TypeFor[time.Time]():
		return "a date"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a fraction"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	}
	return "a table"
}

// plain makes lists of tables lists like any other, however they were written.
func plain(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name := range value {
			value[name] = plain(value[name])
		}
	case []any:
		for i := range value {
			value[i] = plain(value[i])
		}
	case []map[string]any:
		list := make([]any, len(value))
		for i := range value {
			list[i] = plain(value[i])
		}
		return list
	}
	return value
}

// keys returns the key of each field of struct t, "" for none.
func keys(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		names = append(names, strings.TrimPrefix(f.Tag.Get("toml"), "-"))
	}
	return names
}
