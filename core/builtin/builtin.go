// Package builtin holds the verbs that every server has, one file per family.
// They are values of core.Command like a plugin's; those that steer the
// session itself reach it through Control, which the Host of their calls has
// to implement.
package builtin

import "mts/core"

// Control is what the built-in verbs may do to the session they run in.
type Control interface {
	core.Host
	// SetUser names the account that the next Login is for.
	SetUser(name string)
	// Login logs the session in, or else out. Its error is fit for the client.
	Login(password string) error
	// Quit ends the session without a reply.
	Quit()
	// Block reports whether the mode is BLOCK: without it nobody sees facts.
	Block() bool
	// SetBlock sets the mode of the replies after this one.
	SetBlock(on bool)
	// SetNotices lets notices through in stream mode, or not.
	SetNotices(on bool)
	// StartTLS begins the handshake after the reply to this call. Its error is
	// fit for the client.
	StartTLS() error
	// Commands returns what the session may use, sorted by verb.
	Commands() []core.Command
}

// Commands returns the built-in verbs.
func Commands() []core.Command {
	return []core.Command{
		auth, user, quit,
		file, part,
		stat, list, hash(),
		mode, opts, startTLS,
		feat, help, noop,
	}
}

func control(c *core.Call) Control { return c.Host().(Control) }
