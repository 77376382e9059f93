package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"mts/core/units"
)

// A decoder sets a Config from a parsed document and collects all problems. The
// TOML library's own decoder stops at the first error, goes through a table in
// random order and accepts keys in any case.
type decoder struct {
	dir      string // where relative paths start
	problems problems
}

// decode sets v from data, the value of key in the file. format is v's tag.
func (d *decoder) decode(key string, data any, v reflect.Value, format string) {
	from := reflect.ValueOf(data)
	switch to := v.Addr().Interface().(type) {
	case *time.Duration:
		d.duration(key, data, to, format)
	case *units.Size:
		d.size(key, data, to)
	case *netip.Prefix:
		d.network(key, data, to)
	case **time.Time:
		d.time(key, data, to)
	default:
		switch {
		case v.Kind() == reflect.Struct && from.Kind() == reflect.Map:
			d.table(key, data.(map[string]any), v)
		case v.Kind() == reflect.Map && from.Kind() == reflect.Map:
			d.named(key, data.(map[string]any), v, format)
		case v.Kind() == reflect.Slice && from.Kind() == reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), from.Len(), from.Len()))
			for i := range from.Len() {
				d.decode(fmt.Sprintf("%s[%d]", key, i), from.Index(i).Interface(), v.Index(i), format)
			}
		default:
			d.scalar(key, data, v, format)
		}
	}
}

func (d *decoder) scalar(key string, data any, v reflect.Value, format string) {
	switch from := data.(type) {
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(from)
			return
		}
	case int64:
		if v.Kind() == reflect.Int {
			if from < 0 || v.OverflowInt(from) {
				d.problems.addf(key, "%d is negative or too large", from)
			}
			v.SetInt(from)
			return
		}
	case string:
		if v.Kind() == reflect.String {
			s, err := d.text(format, from)
			if err != nil {
				d.problems.addf(key, "%v", err)
			}
			v.SetString(s)
			return
		}
	}
	d.mismatch(key, data, v.Type())
}

func (d *decoder) duration(key string, data any, to *time.Duration, format string) {
	text, ok := data.(string)
	if !ok {
		d.mismatch(key, data, reflect.TypeOf(*to))
		return
	}
	n, err := time.ParseDuration(text)
	switch {
	case err != nil:
		d.problems.addf(key, `%q is not a duration such as "30s" or "1h30m"`, text)
	case n < 0 || n == 0 && format != "zero":
		d.problems.addf(key, "%q is not a positive duration", text)
	}
	*to = n
}

func (d *decoder) size(key string, data any, to *units.Size) {
	switch data.(type) {
	case string, int64:
		if err := to.UnmarshalText([]byte(fmt.Sprint(data))); err != nil {
			d.problems.addf(key, "%v", err)
		}
	default:
		d.mismatch(key, data, reflect.TypeOf(*to))
	}
}

// network reads a network, or an address as the network that has it alone.
func (d *decoder) network(key string, data any, to *netip.Prefix) {
	text, ok := data.(string)
	if !ok {
		d.mismatch(key, data, reflect.TypeOf(*to))
		return
	}
	p, err := netip.ParsePrefix(text)
	if addr, addrErr := netip.ParseAddr(text); addrErr == nil && addr.Zone() == "" {
		p, err = addr.Prefix(addr.BitLen())
	}
	if err != nil || p.Addr().Is4In6() {
		d.problems.addf(key, `%q is not a network such as "192.0.2.0/24" or "2001:db8::/32"`, text)
	}
	*to = p.Masked()
}

func (d *decoder) time(key string, data any, to **time.Time) {
	at, ok := data.(time.Time)
	switch {
	case !ok:
		d.mismatch(key, data, reflect.TypeFor[time.Time]())
	case at.Location().String() == "time-local": // the TOML library's name
		d.problems.addf(key, "a time needs a date")
	default:
		*to = &at
	}
}

// table sets the fields of struct v.
func (d *decoder) table(key string, data map[string]any, v reflect.Value) {
	known := keys(v.Type())
	for name, value := range data {
		path := join(key, name)
		if i := slices.Index(known, name); i >= 0 && name != "" {
			d.decode(path, value, v.Field(i), v.Type().Field(i).Tag.Get("format"))
			continue
		}
		plugins, _ := v.Addr().Interface().(*Plugins)
		settings, isTable := plain(value).(map[string]any)
		if plugins == nil || !isTable {
			d.problems.addf(path, "unknown key%s", Suggest(name, known))
			continue
		}
		if plugins.Settings == nil {
			plugins.Settings = map[string]map[string]any{}
		}
		plugins.Settings[name] = settings
	}
}

// named sets the elements of map v. Their names have the given format.
func (d *decoder) named(key string, data map[string]any, v reflect.Value, format string) {
	v.Set(reflect.MakeMap(v.Type()))
	for name, value := range data {
		path := join(key, name)
		if _, err := d.text(format, name); err != nil {
			d.problems.addf(path, "%v", err)
		}
		element := reflect.New(v.Type().Elem()).Elem()
		d.decode(path, value, element, "")
		v.SetMapIndex(reflect.ValueOf(name), element)
	}
}

func (d *decoder) mismatch(key string, data any, want reflect.Type) {
	d.problems.addf(key, "must be %s, not %s", describe(want), describe(reflect.TypeOf(data)))
}

// describe returns the name of the TOML type for a Go type.
func describe(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return `a duration such as "30s"`
	case reflect.TypeFor[units.Size]():
		return `a size such as "10MB"`
	case reflect.TypeFor[netip.Prefix]():
		return `a network such as "192.0.2.0/24"`
	case reflect.TypeFor[time.Time]():
		return "a date"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	}
	return "a table"
}

// plain turns lists of tables, [[x]] and x = [{}] alike, into []any.
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
