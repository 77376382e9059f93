package shell

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"mts/core/units"
)

// top shows what the sessions do: once, or on a terminal every second.
func top(ctx context.Context, s *Shell, words []string) error {
	if len(words) > 1 {
		return usagef("usage: top")
	}
	if s.tty == nil {
		return s.drawTop(ctx, screen{})
	}
	return s.refresh(ctx, time.Second, s.drawTop)
}

func (s *Shell) drawTop(ctx context.Context, size screen) error {
	stats, err := s.rows(ctx, "stats")
	if err != nil {
		return err
	}
	sessions, err := s.rows(ctx, "sessions")
	if err != nil {
		return err
	}
	for _, line := range summary(stats, sessions) {
		fmt.Fprintln(s.Stdout, line)
	}
	slices.SortStableFunc(sessions, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.number("rate"), a.number("rate")), cmp.Compare(a.number("idle_ms"), b.number("idle_ms")))
	})
	t := table{w: s.Stdout, screen: size, columns: topColumns()}
	for _, r := range sessions {
		t.addRow(r)
	}
	return t.end()
}

// rows returns the rows of a command's answer.
func (s *Shell) rows(ctx context.Context, words ...string) (rows []row, err error) {
	err = s.do(ctx, words, false, func(raw json.RawMessage) error {
		r, err := parseRow(raw)
		rows = append(rows, r)
		return err
	})
	return rows, err
}

// summary returns the lines above the table.
func summary(stats, sessions []row) []string {
	var total row
	if len(stats) > 0 {
		total = stats[0]
	}
	sending, speed := 0, 0.0
	for _, r := range sessions {
		if r.text("state") == "sending" {
			sending++
			speed += r.number("rate")
		}
	}
	return []string{
		fmt.Sprintf("mts, up %s  %s  q ends",
			span(time.Duration(total.number("uptime_s"))*time.Second), time.Now().Format(time.TimeOnly)),
		fmt.Sprintf("%s, %d sending at %s; so far %s, %s, %s",
			units.Count(int64(len(sessions)), "session"), sending, units.Size(speed).ShortRate(), units.Count(int64(total.number("sessions_total")), "session"),
			units.Count(int64(total.number("transfers")), "transfer"), units.Size(total.number("bytes_out")).Short()),
		"",
	}
}

func topColumns() []column {
	return []column{
		{head: "ID", show: plain("id"), right: true},
		{head: "USER", show: plain("user"), elastic: true},
		{head: "CLIENT", show: plain("client"), elastic: true},
		{head: "STATE", show: plain("state")},
		{head: "PATH", show: plain("path"), elastic: true},
		{head: "PROGRESS", show: bar},
		{head: "SENT", show: func(r row) string { return orDash(r.text("path") != "", units.Size(r.number("sent")).Short()) }, right: true},
		{head: "RATE", show: perSecond("rate"), right: true},
	}
}

// bar draws what part of a file has been sent.
func bar(r row) string {
	const width = 10
	if r.text("path") == "" || r.number("size") <= 0 {
		return "-"
	}
	part := min(1, r.number("sent")/r.number("size"))
	full := int(part * width)
	return fmt.Sprintf("[%s%s]%4.0f%%", strings.Repeat("#", full), strings.Repeat(".", width-full), part*100)
}
