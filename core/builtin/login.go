package builtin

import "mts/core"

var auth = core.Command{
	Verb: "AUTH", Args: "PASSWORD", Help: "logs in", Open: true,
	Run: func(c *core.Call) error {
		if err := control(c).Login(c.Arg()); err != nil {
			return err
		}
		c.Reply("You are logged in.")
		return nil
	},
}

var user = core.Command{
	Verb: "USER", Args: "NAME", Help: "names the account of the next AUTH", Open: true,
	Run: func(c *core.Call) error {
		control(c).SetLoginName(c.Arg())
		c.Reply("Password required.")
		return nil
	},
}

var quit = core.Command{
	Verb: "QUIT", Help: "ends the session", Open: true,
	Run: func(c *core.Call) error {
		control(c).Quit()
		return nil
	},
}
