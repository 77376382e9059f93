package server

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"mts/core"
)

// A control is the host of a built-in command: its methods are
// builtin.Control, beside the core.Host that is its call.
type control struct{ *call }

// SetLoginName names the account that the next Login is for.
func (c control) SetLoginName(name string) { c.session.nextUser = name }

// Login logs the session in, and out first.
func (c control) Login(password string) error {
	err := c.session.login(password)
	if errors.Is(err, errTimeout) {
		c.end = err
	}
	return err
}

// Quit ends the session without a reply.
func (c control) Quit() { c.end = errQuit }

// Block reports whether the mode is BLOCK.
func (c control) Block() bool { return c.session.out.Block() }

// SetBlock sets the mode of the replies after this one.
func (c control) SetBlock(on bool) { c.block = &on }

// SetNotices lets notices through in stream mode, or not.
func (c control) SetNotices(on bool) {
	c.session.wantsNotices = on
	c.handle.takesNotices.Store(on || c.Block())
}

var (
	errTLSOn   = core.Errorf(core.CodeUsage, "TLS is already on.")
	errTLSData = core.Errorf(core.CodeUsage, "Nothing may follow STARTTLS.")
)

// MayStartTLS returns why STARTTLS can't be used in this session, or nil.
func (c control) MayStartTLS() error {
	settings := c.session.settings
	switch {
	case c.session.conn.TLS() != nil:
		return errTLSOn
	case !settings.StartTLS || settings.TLS == nil:
		return errInvalid
	}
	return nil
}

// StartTLS begins the handshake after the reply to this call.
func (c control) StartTLS() error {
	if err := c.MayStartTLS(); err != nil {
		return err
	}
	if !c.session.in.Empty() {
		c.end = errTLSData
		return errTLSData
	}
	c.startTLS = true
	return nil
}

// Commands returns the commands that the account may use, sorted by verb.
func (c control) Commands() []core.Command {
	var all []core.Command
	verbs := slices.AppendSeq(slices.Collect(maps.Keys(c.server.verbs)), maps.Keys(c.server.plugins.Load().verbs))
	for _, verb := range verbs {
		if cmd, ok := c.session.lookup(verb); ok {
			all = append(all, cmd.Command)
		}
	}
	slices.SortFunc(all, func(a, b core.Command) int { return strings.Compare(a.Verb, b.Verb) })
	return all
}
