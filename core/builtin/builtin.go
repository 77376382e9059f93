// Package builtin holds the verbs that every server has, one file per family.
// They are values of core.Command like a plugin's. Those that steer the session
// itself do so by Control, which the core.Host of their calls implements too.
package builtin

import "mts/core"

// Control is what the built-in verbs may do to the session they run in.
type Control interface {
	// SetLoginName names the account that the next Login is for.
	SetLoginName(name string)
	// Login logs the session in. If it fails the session is logged out. The
	// client may see the error.
	Login(password string) error
	// Quit ends the session without a reply.
	Quit()
	// Block reports whether the mode is BLOCK. Facts are sent in that mode only.
	Block() bool
	// SetBlock sets the mode of the replies after this one.
	SetBlock(on bool)
	// SetNotices lets notices through in stream mode, or not.
	SetNotices(on bool)
	// MayStartTLS returns why STARTTLS can't be used in this session, or nil. The
	// client may see the error.
	MayStartTLS() error
	// StartTLS begins the handshake after the reply to this call. The client may
	// see the error.
	StartTLS() error
	// Commands returns what the account may use, sorted by verb.
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
