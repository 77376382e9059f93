package config

import "reflect"

// KeepRestart gives c the values that running has for all keys that only a
// restart changes (applies:"restart"). It returns those keys whose values
// differed, in the order of the structs.
func (c *Config) KeepRestart(running *Config) (changed []string) {
	return keepRestart("", reflect.ValueOf(c).Elem(), reflect.ValueOf(running).Elem())
}

func keepRestart(table string, v, running reflect.Value) (changed []string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key := join(table, field.Tag.Get("toml"))
		switch {
		case !field.IsExported():
		case field.Type.Kind() == reflect.Struct:
			changed = append(changed, keepRestart(key, v.Field(i), running.Field(i))...)
		case field.Tag.Get("applies") == "restart":
			if !reflect.DeepEqual(v.Field(i).Interface(), running.Field(i).Interface()) {
				changed = append(changed, key)
			}
			v.Field(i).Set(running.Field(i))
		}
	}
	return changed
}
