package shell

import (
	"strings"

	"mts/core/units"
)

// eventViews are of the live feed.
func eventViews() map[string]view {
	return map[string]view{
		"events": {
			live: eventWords, fields: "time event session user client verb path bytes error",
			complete: completeFilter, endless: true,
		},
	}
}

// eventWords shows an event in one line.
func eventWords(r row) []string {
	words := []string{moment("time")(r), r.text("event")}
	if id := r.text("session"); id != "" && id != "0" {
		words = append(words, "#"+id)
	}
	for _, field := range []string{"user", "client", "verb", "path"} {
		if v := r.text(field); v != "" {
			words = append(words, v)
		}
	}
	if r.number("bytes") > 0 {
		words = append(words, units.Size(r.number("bytes")).Short())
	}
	if v := r.text("error"); v != "" {
		words = append(words, "("+strings.TrimSpace(v)+")")
	}
	return words
}
