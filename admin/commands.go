package admin

import (
	"strings"

	"mts/core/server"
)

// Commands returns the control commands, in the order of a help page. A new
// command is a new row here.
func Commands() []Command {
	return []Command{
		{Name: "sessions", Args: "[FILTER...]", Help: "lists the sessions, also those still in their handshake",
			Columns: sessionColumns, Conditions: server.Conditions, run: sessions},
		{Name: "show", Args: "ID", Help: "shows one session in detail", run: show},
		{Name: "kick", Args: "ID|FILTER...|all [reason=TEXT]", Help: "ends sessions", Changes: true,
			Conditions: server.Conditions, Confirm: confirmKick, run: kick},
		{Name: "abort", Args: "ID", Help: "ends a session's transfer or command, and keeps the session", Changes: true, run: abort},
		{Name: "limit", Args: "[ID|user=NAME|client=ADDR|total RATE]", Help: "lists the byte rates, or sets one: 0 is no limit, default the configured rate",
			Changes: true, Columns: limitColumns, run: limits},
		{Name: "ban", Args: "ADDR|CIDR|user=NAME [for=TIME] [reason=TEXT]", Help: "refuses new connections and logins of an address or account, also after a restart", Changes: true, run: ban},
		{Name: "unban", Args: "ADDR|CIDR|user=NAME", Offers: "BANNED", Help: "removes a ban", Changes: true, run: unban},
		{Name: "bans", Help: "lists the bans", Columns: banColumns, run: bans},
		{Name: "message", Args: "ID|FILTER...|all TEXT", Help: "sends a notice to sessions", Changes: true,
			Conditions: server.Conditions, run: message},
		{Name: "users", Help: "lists the accounts", Columns: userColumns, run: users},
		{Name: "plugins", Args: "[load|unload|reload NAME]", Help: "lists the plugins, or loads, unloads or reloads one", Changes: true,
			Columns: pluginColumns, run: runPlugins},
		{Name: "stats", Help: "shows the counters of the server", run: stats},
		{Name: "events", Args: "[FILTER...]", Help: "shows events as they happen", Ends: Never,
			Columns: eventColumns, Conditions: eventConditions, run: watchEvents},
		{Name: "reload", Args: "[config|tls|users|plugins]", Help: "reads the configuration, certificate, users and plugins again, or one of them",
			Changes: true, Ends: Later, run: reload},
		{Name: "log", Args: "level debug|info|warn|error", Help: "sets the level of the log", Changes: true, run: logLevel},
		{Name: "wait", Args: "FILTER... [timeout=TIME]", Help: "waits until no session matches", Ends: Later,
			Conditions: server.Conditions, run: wait},
		{Name: "drain", Help: "refuses new sessions, and ends the server when all transfers have ended", Changes: true, Ends: Later, run: drain},
		{Name: "shutdown", Args: "[now]", Help: "ends the server, after the drain time at the latest, or now", Changes: true, Ends: Later, run: shutdown},
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
