package shell

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"mts/core/units"
)

// This file is how values look in tables.

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

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

// The functions below return how a column shows its field.

func inBytes(field string) func(row) string {
	return func(r row) string { return orDash(r.number(field) != 0, units.Size(r.number(field)).Short()) }
}

func perSecond(field string) func(row) string {
	return func(r row) string { return orDash(r.number(field) != 0, units.Size(r.number(field)).ShortRate()) }
}

func milliseconds(field string) func(row) string {
	return func(r row) string { return span(time.Duration(r.number(field)) * time.Millisecond) }
}

// moment shows a time, with its date if that isn't today's.
func moment(field string) func(row) string {
	return func(r row) string {
		at, err := time.Parse(time.RFC3339, r.text(field))
		if err != nil || at.IsZero() {
			return "-"
		}
		at = at.Local()
		if at.Format(time.DateOnly) == time.Now().Format(time.DateOnly) {
			return at.Format(time.TimeOnly)
		}
		return at.Format(time.DateTime)
	}
}

// progress shows what of a file has been sent, and the part of the whole.
func progress(r row) string {
	sent, all := r.number("sent"), r.number("size")
	shown := units.Size(sent).Short()
	switch {
	case r.text("path") == "":
		return "-"
	case all <= 0:
		return shown
	}
	return fmt.Sprintf("%s %3.0f%%", shown, 100*sent/all)
}

func orDash(ok bool, s string) string {
	if ok && s != "" {
		return s
	}
	return "-"
}

// plain shows a field as it is.
func plain(field string) func(row) string {
	return func(r row) string { return r.text(field) }
}
