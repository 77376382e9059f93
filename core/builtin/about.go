package builtin

import (
	"slices"
	"strings"

	"mts/core"
)

var noop = core.Command{
	Verb: "NOOP", Help: "does nothing", Open: true,
	Run: func(*core.Call) error { return nil },
}

var feat = core.Command{
	Verb: "FEAT", Help: "lists what this server can do", Open: true,
	Run: func(c *core.Call) error {
		c.Printf("mts/1\n")
		for _, cmd := range listed(c) {
			c.Printf("%s\n", cmd.Usage())
		}
		return nil
	},
}

var help = core.Command{
	Verb: "HELP", Args: "[VERB]", Help: "tells how to use a verb, or lists them all", Open: true,
	Run: func(c *core.Call) error {
		found := false
		for _, cmd := range listed(c) {
			if c.Arg() == "" || strings.EqualFold(c.Arg(), cmd.Verb) {
				c.Printf("%-26s %s\n", cmd.Usage(), cmd.Help)
				found = true
			}
		}
		if !found {
			return core.Errorf(core.CodeUnknownCommand, "There is no verb %s.", c.Arg())
		}
		return nil
	},
}

// listed returns the commands that FEAT and HELP show to the session.
func listed(c *core.Call) []core.Command {
	return slices.DeleteFunc(control(c).Commands(), func(cmd core.Command) bool {
		return cmd.Listed != nil && !cmd.Listed(c)
	})
}
