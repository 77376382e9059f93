package shell

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A row is a JSON object with its fields in their order. The shell shows every
// field that the server sends, also one that it doesn't know.
type row struct {
	names  []string
	values map[string]any // numbers are json.Number
}

func parseRow(raw json.RawMessage) (row, error) {
	r := row{values: make(map[string]any)}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return r, fmt.Errorf("a row of the answer is not a JSON object: %.100q", raw)
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return r, err
		}
		var v any
		if err := dec.Decode(&v); err != nil {
			return r, err
		}
		r.names = append(r.names, name.(string))
		r.values[name.(string)] = v
	}
	return r, nil
}

// flatten returns the names and texts of the fields. A field of an inner object is
// called name.field.
func (r row) flatten() (fields [][2]string) {
	for _, name := range r.names {
		switch v := r.values[name].(type) {
		case map[string]any:
			for _, key := range sortedKeys(v) {
				fields = append(fields, [2]string{name + "." + key, text(v[key])})
			}
		default:
			fields = append(fields, [2]string{name, text(v)})
		}
	}
	return fields
}

// isChange reports whether the row is an admin.Affected.
func (r row) isChange() bool { return len(r.names) > 0 && r.names[0] == "affected" }

// number returns the field, or 0 if it isn't a number.
func (r row) number(field string) float64 {
	n, _ := r.values[field].(json.Number)
	f, _ := strconv.ParseFloat(n.String(), 64)
	return f
}

// text returns the field as text.
func (r row) text(field string) string { return text(r.values[field]) }

// text returns a JSON value as text: null as nothing, a list as its elements.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		words := make([]string, len(v))
		for i, e := range v {
			words[i] = text(e)
		}
		return strings.Join(words, " ")
	case map[string]any:
		words := make([]string, 0, len(v))
		for _, key := range sortedKeys(v) {
			words = append(words, key+"="+text(v[key]))
		}
		return strings.Join(words, " ")
	}
	return fmt.Sprint(v)
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
