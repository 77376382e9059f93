package client_test

import (
	"errors"
	"testing"

	"mts/core/client"
)

// A listing says what it doesn't show, after all that it shows.
func TestIncomplete(t *testing.T) {
	const entry = "$21\r\ntype=file;modify=x; a\n"
	for facts, want := range map[string]client.Incomplete{
		"":                            {},
		"[withheld=0 unreadable=0] ":  {},
		"[withheld=-1 unreadable=x] ": {},
		"[withheld=3] ":               {Withheld: 3},
		"[withheld=1 unreadable=2] ":  {Withheld: 1, Unreadable: 2},
	} {
		c, err := pretend(t, greeting, "$22\r\n"+entry[5:]+"#"+facts+"OK.\r\n")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		var got client.Incomplete
		for info, err := range c.List(t.Context(), "d") {
			var missing *client.Incomplete
			switch {
			case errors.As(err, &missing):
				got = *missing
			case err != nil:
				t.Fatal(err)
			default:
				names = append(names, info.Name)
			}
		}
		if got != want || len(names) != 1 || names[0] != "a" {
			t.Errorf("%s: %+v and %q, want %+v", facts, got, names, want)
		}
	}
}
