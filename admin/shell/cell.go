package shell

import (
	"fmt"
	"strings"
	"time"

	"mts/admin"
	"mts/core/units"
)

// span shows a duration by its largest two units.
func span(d time.Duration) string {
	day := 24 * time.Hour
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%.3gs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/day, d%day/time.Hour)
}

// A kind is how tables show the values of an admin.Kind.
type kind struct {
	nothing string                           // a value that is shown like an empty one
	right   bool                             // aligned to the right
	show    func(r row, field string) string // nil: as it is
}

var kinds = map[admin.Kind]kind{
	admin.Text:           {},
	admin.Number:         {"", true, nil},
	admin.Flag:           {"false", false, func(row, string) string { return "yes" }},
	admin.Bytes:          {"0", true, func(r row, field string) string { return units.Size(r.number(field)).Short() }},
	admin.BytesPerSecond: {"0", true, func(r row, field string) string { return units.Size(r.number(field)).ShortRate() }},
	admin.Milliseconds:   {"", true, func(r row, field string) string { return span(time.Duration(r.number(field)) * time.Millisecond) }},
	admin.Microseconds:   {"", true, func(r row, field string) string { return r.text(field) + " µs" }},
	admin.Time:           {"", false, func(r row, field string) string { return moment(r.text(field)) }},
	admin.Progress: {"", true, func(r row, field string) string {
		return progress(r.text("path"), int64(r.number(field)), int64(r.number("size")))
	}},
	admin.SessionID: {"0", false, func(r row, field string) string { return "#" + r.text(field) }},
	admin.Remark:    {"", false, func(r row, field string) string { return "(" + strings.TrimSpace(r.text(field)) + ")" }},
}

// cell returns what a table shows of the row in a column, "" for nothing.
func (r row) cell(c admin.Column) string {
	k, text := kinds[c.Kind], r.text(c.Field)
	switch {
	case text == "", text == k.nothing:
		return ""
	case k.show == nil:
		return text
	}
	return k.show(r, c.Field)
}

// moment shows a time, with its date if that isn't today's.
func moment(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.IsZero() {
		return ""
	}
	at = at.Local()
	if at.Format(time.DateOnly) == time.Now().Format(time.DateOnly) {
		return at.Format(time.TimeOnly)
	}
	return at.Format(time.DateTime)
}

// progress shows how much of the file at path has been sent, in bytes and as a
// percentage of its size, all.
func progress(path string, sent, all int64) string {
	shown := units.Size(sent).Short()
	switch {
	case path == "":
		return ""
	case all <= 0:
		return shown
	}
	return fmt.Sprintf("%s %3.0f%%", shown, 100*float64(sent)/float64(all))
}
