package admin

import (
	"context"
	"slices"
	"strings"

	"mts/core"
	"mts/core/events"
	"mts/core/server"
)

// maxEvents is how many events wait for a console that is slow.
const maxEvents = 1024

// watch tells what happens until the console is gone.
func watch(c *call) error {
	match, err := eventFilter(c.words)
	if err != nil {
		return err
	}
	feed, stop := c.plane.cfg.Feed.Subscribe(maxEvents)
	defer stop()
	for {
		select {
		case e := <-feed:
			if !match(e) {
				continue
			}
			if err := c.row(e); err != nil {
				return err
			}
			if err := c.out.Flush(); err != nil {
				return err
			}
		case <-c.here.Done():
			return context.Cause(c.here)
		}
	}
}

// eventFilter reads tokens of a filter as far as events have what they compare,
// and event=KIND. That events were lost is told whatever the tokens are.
func eventFilter(tokens []string) (func(Event) bool, error) {
	var kinds, others []string
	for _, token := range tokens {
		name := token[:max(0, strings.IndexAny(token, "=!<>"))]
		switch {
		case name == "event":
			kinds = append(kinds, strings.TrimPrefix(token, name))
		case name == "session":
			others = append(others, "id"+strings.TrimPrefix(token, name))
		case slices.Contains([]string{"id", "user", "client", "verb", "path", "bytes"}, name):
			others = append(others, token)
		default:
			return nil, core.Errorf(core.CodeUsage, "Events have no %s.", token)
		}
	}
	f, err := filter(others)
	if err != nil {
		return nil, err
	}
	return func(e Event) bool {
		return e.Event == events.Lost || ofKind(e, kinds) && f.Match(server.Row{
			ID: e.Session, User: e.User, Client: e.Client, Verb: e.Verb, Path: e.Path, BytesOut: e.Bytes,
		})
	}, nil
}

// ofKind reports whether an event is one that conditions such as "=login" and
// "!=file" want.
func ofKind(e Event, conditions []string) bool {
	for _, c := range conditions {
		kind, is := strings.CutPrefix(c, "=")
		if (strings.TrimPrefix(kind, "!=") == e.Event) != is {
			return false
		}
	}
	return true
}
