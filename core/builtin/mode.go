package builtin

import (
	"strings"

	"mts/core"
)

var mode = core.Command{
	Verb: "MODE", Args: "STREAM|BLOCK", Help: "sets how replies are framed", Open: true,
	Run: func(c *core.Call) error {
		name := strings.ToUpper(c.Arg())
		if name != "STREAM" && name != "BLOCK" {
			return core.ErrUsage
		}
		control(c).SetBlock(name == "BLOCK")
		c.Reply("Mode is %s.", name)
		return nil
	},
}

var opts = core.Command{
	Verb: "OPTS", Args: "NOTICES ON|OFF", Help: "lets notices through in stream mode", Open: true,
	Run: func(c *core.Call) error {
		words := strings.ToUpper(c.Arg())
		if words != "NOTICES ON" && words != "NOTICES OFF" {
			return core.ErrUsage
		}
		control(c).SetNotices(words == "NOTICES ON")
		c.Reply("%s.", words)
		return nil
	},
}

var startTLS = core.Command{
	Verb: "STARTTLS", Help: "encrypts the connection", Open: true,
	Listed: func(c *core.Call) bool { return control(c).MayStartTLS() == nil },
	Run: func(c *core.Call) error {
		if err := control(c).StartTLS(); err != nil {
			return err
		}
		c.Reply("Ready to start TLS.")
		return nil
	},
}
