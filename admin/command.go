package admin

import "strings"

// A Command is what an operator may say to the server.
type Command struct {
	Name    string // lower case; its verb on the wire is the same in upper case
	Args    string // as in "ID|all [reason=TEXT]"
	Help    string // one line
	Changes bool   // with some arguments at least; audited then

	run func(*call) error
}

// Usage returns the line that tells how to use the command.
func (c Command) Usage() string {
	if c.Args == "" {
		return c.Name
	}
	return c.Name + " " + c.Args
}

// Commands returns the control commands, in the order of a help page.
func Commands() []Command {
	return []Command{
		{"sessions", "[FILTER...]", "lists the sessions, also those still in their handshake", false, sessions},
		{"show", "ID", "tells everything about one session", false, show},
		{"kick", "ID|FILTER...|all [reason=TEXT]", "ends sessions", true, kick},
		{"abort", "ID", "ends a session's transfer or command, and keeps the session", true, abort},
		{"limit", "[ID|user=NAME|client=ADDR|total RATE]", "sets a byte rate: 0 for no limit, default for the configured one; alone lists them", true, limits},
		{"ban", "ADDR|CIDR|user=NAME [for=TIME] [reason=TEXT]", "keeps newcomers out, also after a restart", true, ban},
		{"unban", "ADDR|CIDR|user=NAME", "lets them in again", true, unban},
		{"bans", "", "lists the bans", false, bans},
		{"message", "ID|FILTER...|all TEXT", "sends a notice to sessions", true, message},
		{"users", "", "lists the accounts", false, users},
		{"plugins", "[load|unload|reload NAME]", "lists the plugins, or steers one", true, steerPlugins},
		{"stats", "", "counts what the server has done", false, stats},
		{"events", "[FILTER...]", "tells what happens, as it happens", false, watch},
		{"reload", "[config|tls|users|plugins]", "reads the configuration and what it names again, or one part", true, reload},
		{"log", "level debug|info|warn|error", "changes what is logged", true, logLevel},
		{"wait", "FILTER... [timeout=TIME]", "waits until no session matches", false, wait},
		{"drain", "", "takes no more sessions, and ends the server when the transfers have ended", true, drain},
		{"shutdown", "[now]", "ends the server, after its drain time or now", true, shutdown},
	}
}

// find returns the command of a verb.
func find(verb string) (Command, bool) {
	for _, c := range Commands() {
		if strings.ToUpper(c.Name) == verb {
			return c, true
		}
	}
	return Command{}, false
}
