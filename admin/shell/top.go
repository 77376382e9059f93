package shell

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mts/admin"
	"mts/core/units"
)

// top shows what the sessions do: once, or every second on a terminal.
func top(ctx context.Context, s *Shell, _ []string) error {
	if s.tty == nil {
		return s.drawTop(ctx, screen{})
	}
	return s.refresh(ctx, time.Second, s.drawTop)
}

func (s *Shell) drawTop(ctx context.Context, size screen) error {
	var stats admin.Stats
	var sessions []admin.Session
	err := s.call(ctx, admin.Soon, func(ctx context.Context, client *admin.Client) (err error) {
		if stats, err = client.Stats(ctx); err == nil {
			sessions, err = client.Sessions(ctx)
		}
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprint(s.Stdout, summary(stats, sessions))
	slices.SortStableFunc(sessions, func(a, b admin.Session) int {
		return cmp.Or(cmp.Compare(b.Rate, a.Rate), cmp.Compare(a.IdleMS, b.IdleMS))
	})
	t := table{w: s.Stdout, screen: size}
	for _, c := range topColumns {
		t.columns = append(t.columns, c.column)
	}
	for _, session := range sessions {
		var cells []string
		for _, c := range topColumns {
			cells = append(cells, c.show(session))
		}
		t.add(cells...)
	}
	return t.end()
}

// summary returns the lines above the table.
func summary(stats admin.Stats, sessions []admin.Session) string {
	sending, rate := 0, int64(0)
	for _, s := range sessions {
		if s.State == "sending" {
			sending++
			rate += s.Rate
		}
	}
	return fmt.Sprintf("mts, up %s  %s  q ends\n%s, %d sending at %s; so far %s, %s, %s\n\n",
		span(time.Duration(stats.UptimeS)*time.Second), time.Now().Format(time.TimeOnly),
		units.Count(int64(len(sessions)), "session"), sending, units.Size(rate).ShortRate(),
		units.Count(stats.SessionsTotal, "session"), units.Count(stats.Transfers, "transfer"), units.Size(stats.BytesOut).Short())
}

// topColumns are the columns of the screen.
var topColumns = []struct {
	column
	show func(admin.Session) string
}{
	{column{head: "ID", right: true}, func(s admin.Session) string { return fmt.Sprint(s.ID) }},
	{column{head: "USER", elastic: true}, func(s admin.Session) string { return s.User }},
	{column{head: "CLIENT", elastic: true}, func(s admin.Session) string { return s.Client }},
	{column{head: "STATE"}, func(s admin.Session) string { return s.State }},
	{column{head: "PATH", elastic: true}, func(s admin.Session) string { return s.Path }},
	{column{head: "PROGRESS"}, bar},
	{column{head: "SENT", right: true}, func(s admin.Session) string { return progress(s.Path, s.Sent, 0) }},
	{column{head: "RATE", right: true}, func(s admin.Session) string {
		if s.Rate == 0 {
			return ""
		}
		return units.Size(s.Rate).ShortRate()
	}},
}

// bar draws how much of a file has been sent.
func bar(s admin.Session) string {
	const width = 10
	if s.Path == "" || s.Size <= 0 {
		return ""
	}
	part := min(1, float64(s.Sent)/float64(s.Size))
	full := int(part * width)
	return fmt.Sprintf("[%s%s]%4.0f%%", strings.Repeat("#", full), strings.Repeat(".", width-full), part*100)
}
