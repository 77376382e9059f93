package server

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"mts/core"
	"mts/core/limit"
	"mts/core/names"
	"mts/core/wire"
)

// This file is builtin.Control: what the built-in verbs do to their session.

// SetUser names the account that the next Login is for.
func (h *host) SetUser(name string) { h.name = name }

// Login logs the session in, and out first.
func (h *host) Login(password string) error {
	h.become("")
	if h.conn.TLS() == nil && !h.server.cfg.InsecurePlaintext && !isLocal(h.conn.LocalAddr()) {
		h.refuse("plaintext", "user", wire.Printable(h.name))
		return core.Errorf(core.CodeTLSRequired, "TLS is required to log in.")
	}
	if err := h.limits.MayLogin(h.name); err != nil {
		return h.refuseLogin(h.name, err)
	}
	err := h.server.cfg.Auth.Authenticate(h.ctx, h.name, password)
	if cause := context.Cause(h.ctx); err != nil && cause != nil {
		return cause
	}
	if err != nil {
		return h.failLogin()
	}
	return h.enter(h.name)
}

// failLogin makes the client pay for a wrong password.
func (h *host) failLogin() error {
	h.refuse("password", "user", wire.Printable(h.name))
	wait := h.limits.Failed(h.name, h.server.cfg.Auth.Has(h.name))
	if err := h.limits.Pause(h.ctx, wait); err != nil {
		return err
	}
	return core.Errorf(core.CodeAuthFailed, "Bad password.")
}

// refuseLogin says that limits are against a login.
func (h *host) refuseLogin(user string, why error) error {
	h.refuse(why.Error(), "user", wire.Printable(user))
	if why == limit.UserSessions {
		return core.Errorf(core.CodeBusy, "Too many sessions of this account.")
	}
	return toldAs(why)
}

// loginByCert logs a client in that has a certificate of a client authority:
// to the account that its common name is, if there is one.
func (h *host) loginByCert() error {
	state := h.conn.TLS()
	if state == nil || len(state.VerifiedChains) == 0 {
		return nil
	}
	if name := state.PeerCertificates[0].Subject.CommonName; h.server.cfg.Auth.Has(name) {
		return h.enter(name)
	}
	return nil
}

// enter logs the session in, unless the limits or a plugin have something
// against it.
func (h *host) enter(user string) error {
	if err := h.limits.Login(user); err != nil {
		return h.refuseLogin(user, err)
	}
	h.become(user)
	if err := h.runHooks("login", user, func(k core.Hooks) func(*core.Call) error { return k.Login }); err != nil {
		h.become("")
		return err
	}
	h.log("login", "user", wire.Printable(user))
	return nil
}

// become makes the session one of the account user, "" for none.
func (h *host) become(user string) {
	if h.user != "" && user == "" {
		h.loginBy = time.Now().Add(h.settings.Timeouts.Login)
		h.limits.Logout()
	}
	h.mu.Lock()
	h.user = user
	h.mu.Unlock()
	h.narrow()
}

// settle makes the session follow the settings there are now.
func (c *session) settle() {
	now := c.server.settings.Load()
	if now == c.settings {
		return
	}
	c.settings = now
	c.conn.SetWriteTimeout(now.Timeouts.Write)
	c.narrow()
}

// narrow gives the session what its account may use. Without one, it has no
// files.
func (c *session) narrow() {
	c.tree, c.verbs = nil, nil
	if c.user == "" {
		return
	}
	var grant Grant
	if c.settings.Grant != nil {
		grant = c.settings.Grant(c.user)
	}
	c.tree = c.settings.Exports
	if grant.Exports != nil {
		c.tree = c.tree.Only(grant.Exports)
	}
	if grant.Verbs != nil {
		c.verbs = make(map[string]bool)
		for _, v := range grant.Verbs {
			c.verbs[strings.ToUpper(v)] = true
		}
	}
}

// Quit ends the session without a reply.
func (h *host) Quit() { h.end = errQuit }

// Block reports whether the mode is BLOCK.
func (h *host) Block() bool { return h.out.Block() }

// SetBlock sets the mode of the replies after this one.
func (h *host) SetBlock(on bool) { h.block = &on }

// SetNotices lets notices through in stream mode, or not.
func (h *host) SetNotices(on bool) {
	h.notices = on
	h.listens.Store(on || h.out.Block())
}

var (
	errTLSOn   = core.Errorf(core.CodeUsage, "TLS is already on.")
	errTLSData = core.Errorf(core.CodeUsage, "Nothing may follow STARTTLS.")
)

// StartTLS begins the handshake after the reply to this call.
func (h *host) StartTLS() error {
	switch {
	case h.conn.TLS() != nil:
		return errTLSOn
	case !h.canStartTLS():
		return errInvalid
	case !h.in.Empty():
		h.end = errTLSData
		return errTLSData
	}
	h.startTLS = true
	return nil
}

// canStartTLS reports whether STARTTLS is of use in this session.
func (h *host) canStartTLS() bool {
	return h.conn.TLS() == nil && h.settings.StartTLS && h.settings.TLS != nil
}

// upgrade makes the session one that begins anew, under TLS.
func (h *host) upgrade() error {
	if err := h.out.Flush(); err != nil {
		return err
	}
	h.setState(stateHandshake)
	if err := h.handshake(); err != nil {
		return err
	}
	h.become("")
	h.name, h.notices = names.DefaultAccount, false
	h.mu.Lock()
	h.secure = true
	h.mu.Unlock()
	h.in.Release()
	h.out = wire.NewWriter(h.conn, smallFile)
	h.listens.Store(false)
	err := h.loginByCert()
	h.setState(h.restState())
	return err
}

// Commands returns the commands that the session may use, sorted by verb.
func (h *host) Commands() []core.Command {
	var all []core.Command
	verbs := slices.AppendSeq(slices.Collect(maps.Keys(h.server.verbs)), maps.Keys(h.server.plugins.Load().verbs))
	for _, verb := range verbs {
		if cmd, ok := h.lookup(verb); ok && (verb != "STARTTLS" || h.canStartTLS()) {
			all = append(all, cmd.Command)
		}
	}
	slices.SortFunc(all, func(a, b core.Command) int { return strings.Compare(a.Verb, b.Verb) })
	return all
}
