package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// eachKey calls do with every key of a struct and of the structs in it, and with
// its field.
func eachKey(table string, t reflect.Type, do func(key string, f reflect.StructField)) {
	for f := range t.Fields() {
		if !f.IsExported() {
			continue
		}
		key, of := join(table, f.Tag.Get("toml")), f.Type
		if of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
			of = of.Elem() // of a list or a map of tables
		}
		if of.Kind() == reflect.Struct && of.PkgPath() == reflect.TypeFor[Config]().PkgPath() {
			eachKey(key, of, do)
		} else {
			do(key, f)
		}
	}
}

// Every key says when a change takes effect.
func TestEveryKeyApplies(t *testing.T) {
	keys := 0
	eachKey("", reflect.TypeFor[Config](), func(key string, f reflect.StructField) {
		keys++
		if applies := f.Tag.Get("applies"); applies != "reload" && applies != "restart" {
			t.Errorf("%s applies at %q", key, applies)
		}
		if perTable := strings.HasPrefix(key, "export.") || strings.HasPrefix(key, "user."); perTable && f.Tag.Get("applies") != "reload" {
			t.Errorf("%s takes a restart, which a key of a list or map of tables can't", key)
		}
	})
	if keys < 40 {
		t.Errorf("only %d keys", keys)
	}
}

// Of a changed file, a reload puts in force what takes no restart, and all else
// stays as it was.
func TestKeepRestart(t *testing.T) {
	running, c := Default(), parse(t, "mtsd.toml", everything+"[plugins.x]\n")
	c.TLS.ACME.Domains = []string{"a.example"} // everything can't have it beside tls.cert
	file := *c
	var want []string
	eachKey("", reflect.TypeFor[Config](), func(key string, f reflect.StructField) {
		if f.Tag.Get("applies") == "restart" {
			want = append(want, key)
		}
	})
	if got := c.KeepRestart(running); !slices.Equal(got, want) {
		t.Errorf("changed are %q\nwant %q", got, want)
	}
	if c.Server.Plain == nil || len(c.Server.Plain) > 0 || c.Log.File != "" || c.TLS.ACME.Email != "" {
		t.Errorf("a key that takes a restart has changed: %+v", c)
	}
	if !reflect.DeepEqual(c.Exports, file.Exports) || c.Server.Drain != file.Server.Drain || !reflect.DeepEqual(c.Plugins.Settings, file.Plugins.Settings) {
		t.Errorf("a key that a reload changes hasn't: %+v", c)
	}
	if got := c.KeepRestart(running); len(got) > 0 {
		t.Errorf("then %q changed again", got)
	}
}
