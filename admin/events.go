package admin

import (
	"context"
	"slices"
	"strings"

	"mts/core"
	"mts/core/events"
	"mts/core/server"
)

// maxEvents is how many events are queued for a slow console.
const maxEvents = 1024

// watchEvents writes events until the console disconnects.
func watchEvents(c *call) error {
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
			if err := c.writeRow(e); err != nil {
				return err
			}
			if err := c.out.Flush(); err != nil {
				return err
			}
		case <-c.connected.Done():
			return context.Cause(c.connected)
		}
	}
}

// eventConditions returns the conditions of sessions that apply to events too,
// and those of events alone.
func eventConditions() []string {
	conditions := []string{"event=", "event!="}
	for _, c := range server.Conditions() {
		switch key := strings.TrimRight(c, "=!<>"); key {
		case "id":
			conditions = append(conditions, c, "session"+strings.TrimPrefix(c, key))
		case "user", "client", "verb", "path", "bytes":
			conditions = append(conditions, c)
		}
	}
	return conditions
}

// eventFilter parses the tokens of a filter. Events of the kind Lost match every
// filter.
func eventFilter(tokens []string) (func(Event) bool, error) {
	var kinds, others []string
	conditions := eventConditions()
	for _, token := range tokens {
		if !slices.ContainsFunc(conditions, func(c string) bool { return strings.HasPrefix(token, c) }) {
			return nil, core.Errorf(core.CodeUsage, "Events can't be filtered by %s.", token)
		}
		if kind, ok := strings.CutPrefix(token, "event"); ok {
			kinds = append(kinds, kind)
		} else if id, ok := strings.CutPrefix(token, "session"); ok {
			others = append(others, "id"+id)
		} else {
			others = append(others, token)
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

// ofKind reports whether an event meets conditions such as "=login" and "!=file".
func ofKind(e Event, conditions []string) bool {
	for _, c := range conditions {
		kind, is := strings.CutPrefix(c, "=")
		if (strings.TrimPrefix(kind, "!=") == e.Event) != is {
			return false
		}
	}
	return true
}
