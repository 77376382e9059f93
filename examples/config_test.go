package examples_test

import (
	"os"
	"reflect"
	"regexp"
	"testing"

	"mts/core/config"
)

// mtsd.toml shows every key that the configuration has, and is good with all of
// them, those included that are commented out.
func TestConfigShowsEveryKey(t *testing.T) {
	data, err := os.ReadFile("mtsd.toml")
	if err != nil {
		t.Fatal(err)
	}
	all := regexp.MustCompile(`(?m)^# (\[+[a-z.]+\]+|[a-z_]+ = )`).ReplaceAll(data, []byte("$1"))
	if _, err := config.Parse("mtsd.toml", all); err != nil {
		t.Error(err)
	}
	walk(reflect.TypeFor[config.Config](), func(key string) {
		if !regexp.MustCompile(`(?m)^(` + key + ` = |\[+` + key + `\b)`).Match(all) {
			t.Errorf("mtsd.toml has no %s", key)
		}
	})
}

// walk calls visit with the name of each key and table in the struct t.
func walk(t reflect.Type, visit func(key string)) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for field := range t.Fields() {
		key := field.Tag.Get("toml")
		if key == "" || key == "-" || key == "acme" { // ACME isn't supported yet
			continue
		}
		visit(key)
		walk(field.Type, visit)
	}
}
