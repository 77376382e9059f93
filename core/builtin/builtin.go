// Package builtin has the verbs of every server, one file per family. They are
// values of core.Command, like those of plugins. The core.Host of their calls
// also implements Control, by which some of them change the session itself.
package builtin

import (
	"iter"

	"mts/core"
)

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
	// SetBlock sets the mode for the replies after this one.
	SetBlock(on bool)
	// SetNotices sets whether the client gets notices in stream mode.
	SetNotices(on bool)
	// MayStartTLS returns why STARTTLS can't be used in this session, or nil. The
	// client may see the error.
	MayStartTLS() error
	// StartTLS begins the handshake after the reply to this call. The client may
	// see the error.
	StartTLS() error
	// Entries is the List of core.Host that has the missing entries too. Each has
	// a name and an error: exports.ErrWithheld, or why it couldn't be looked at.
	Entries(path string) (iter.Seq2[core.Info, error], error)
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
