// Package chat lets the people who are logged in talk to each other.
//
//	WHO              prints id, account and time of connection of each session
//	SAY TEXT         sends the text to all others
//	MSG USER TEXT    sends it to the other sessions of one account
//	MSG #ID TEXT     sends it to one session
//
// A text arrives as a notice, with the sender before it:
//
//	C: WHO
//	S: 3 ann 2026-01-02T10:00:00Z
//	S: 4 bob 2026-01-02T10:05:00Z
//	S: #Sessions: 2.
//	C: MSG bob lunch?
//	S: #Reached: 1.
//
// and bob's client shows
//
//	S: *ann #3: lunch?
//
// Programs in block mode get notices, and whoever asked for them by OPTS
// NOTICES ON; the success line and the fact reached= tell how many did. A
// session that has many notices waiting gets no more until it has read them.
// Sessions that aren't logged in get no messages and aren't listed. Addresses are
// not shown. It has no settings.
package chat

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mts/core"
)

// Commands returns WHO, SAY and MSG.
func Commands() []core.Command {
	return []core.Command{
		{Verb: "WHO", Help: "shows who is logged in", Run: who},
		{Verb: "SAY", Args: "TEXT", Help: "sends a notice to all others", Run: say},
		{Verb: "MSG", Args: "USER|#ID TEXT", Help: "sends a notice to an account or a session", Run: msg},
	}
}

func who(c *core.Call) error {
	n := 0
	for _, s := range c.Sessions() {
		if s.User == "" {
			continue
		}
		n++
		if _, err := fmt.Fprintln(c, s.ID, s.User, s.Since.UTC().Format(time.RFC3339)); err != nil {
			return err
		}
	}
	c.Reply("Sessions: %d.", n)
	return nil
}

func say(c *core.Call) error {
	return send(c, others(c)+" user!=", c.Arg())
}

func msg(c *core.Call) error {
	to, text, _ := strings.Cut(c.Arg(), " ")
	if to == "" || text == "" {
		return core.ErrUsage
	}
	if !present(c, to) {
		return core.Errorf(core.CodeNotFound, "%s is not here.", to)
	}
	if id, ok := strings.CutPrefix(to, "#"); ok {
		return send(c, "id="+id, text)
	}
	return send(c, "user="+to+" "+others(c), text)
}

// others returns a filter for all sessions but the caller's.
func others(c *core.Call) string {
	return fmt.Sprint("id!=", c.Session().ID)
}

// present tells whether a recipient is logged in. Only what is equal to a name
// or a number that the server knows gets into a filter.
func present(c *core.Call, to string) bool {
	return slices.ContainsFunc(c.Sessions(), func(s core.Session) bool {
		return s.User != "" && (s.User == to || fmt.Sprint("#", s.ID) == to)
	})
}

func send(c *core.Call, filter, text string) error {
	from := c.Session()
	n, err := c.Notify(filter, fmt.Sprintf("%s #%d: %s", from.User, from.ID, text))
	if err != nil {
		return err
	}
	c.Fact("reached", fmt.Sprint(n))
	c.Reply("Reached: %d.", n)
	return nil
}
