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

// tellEvents tells what happens until the console is gone.
func tellEvents(c *call) error {
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

// eventConditions returns those that both sessions and events can meet, and
// those of events alone.
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

// eventFilter reads tokens of a filter. That events were lost is told whatever
// the tokens are.
func eventFilter(tokens []string) (func(Event) bool, error) {
	var kinds, others []string
	conditions := eventConditions()
	for _, token := range tokens {
		if !slices.ContainsFunc(conditions, func(c string) bool { return strings.HasPrefix(token, c) }) {
			return nil, core.Errorf(core.CodeUsage, "Events have no %s.", token)
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
		return e.Event == events.Lost || ofKind(e, kinds) && f.Match(server.Info{
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
