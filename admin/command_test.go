package admin

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The columns of a command are the fields of its rows, in their order.
func TestColumns(t *testing.T) {
	rows := map[string]any{
		"sessions": Session{}, "limit": Rate{}, "bans": banRow{}, "users": User{}, "plugins": Plugin{}, "events": Event{},
	}
	for _, c := range Commands() {
		var want, got []string
		if row, ok := rows[c.Name]; ok {
			for f := range reflect.TypeOf(row).Fields() {
				if name := f.Tag.Get("json"); f.IsExported() && name != "-" {
					want = append(want, name)
				}
			}
		}
		for _, column := range c.Columns {
			got = append(got, column.Field)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the columns are %s; want %s", c.Name, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct {
		form, words string
		args        string // "no" if they don't fit
		options     map[string]string
	}{
		{"", "", "", nil},
		{"", "x", "no", nil},
		{"ID", "", "no", nil},
		{"ID", "7", "7", nil},
		{"ID", "7 8", "no", nil},
		{"[FILTER...]", "", "", nil},
		{"[FILTER...]", "a=b c>d", "a=b c>d", nil},
		{"ID|all [reason=TEXT]", "reason=x 7 reason=y=z", "7", map[string]string{"reason": "y=z"}},
		{"ID|all [reason=TEXT]", "reason=x", "no", nil},
		{"ID|all [reason=TEXT]", "7 for=1h", "no", nil},
		{"ID|FILTER...|all TEXT", "7", "no", nil},
		{"ID|FILTER...|all TEXT", "7 a b", "7 a b", nil},
		{"[ID|user=NAME RATE]", "", "", nil},
		{"[ID|user=NAME RATE]", "7", "no", nil},
		{"[ID|user=NAME RATE]", "user=ann 1MB", "user=ann 1MB", nil},
		{"[ID|user=NAME RATE]", "7 1MB x", "no", nil},
		{"ID [RATE] [sessions=N]", "7 sessions=2", "7", map[string]string{"sessions": "2"}},
		{"[load|unload NAME]", "burn wc", "no", nil},
		{"level debug|info", "level INFO", "level info", nil},
		{"[SECONDS] COMMAND...", "stats", "stats", nil},
		{"[SECONDS] COMMAND...", "", "no", nil},
	} {
		args, options, fit := Command{Args: test.form}.Parse(strings.Fields(test.words))
		got := strings.Join(args, " ")
		if !fit {
			got, options = "no", nil
		}
		if got != test.args || !maps.Equal(options, test.options) {
			t.Errorf("%q for %q: got %q, %v; want %q, %v", test.words, test.form, got, options, test.args, test.options)
		}
	}
}
