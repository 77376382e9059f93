package server

import (
	"context"
	"errors"
	"strings"
	"time"

	"mts/core"
	"mts/core/limit"
	"mts/core/wire"
)

// login logs the session out, and in again to nextUser if password is right.
func (s *session) login(password string) error {
	s.setUser("")
	user, auth := s.nextUser, s.server.cfg.Auth
	if s.conn.TLS() == nil && !s.server.cfg.InsecurePlaintext && !isLocal(s.conn.LocalAddr()) {
		s.logRefusal("plaintext", "user", wire.Printable(user))
		return core.Errorf(core.CodeTLSRequired, "TLS is required to log in.")
	}
	if err := s.limits.MayLogin(user); err != nil {
		return s.refuseLogin(user, err)
	}
	err := auth.Authenticate(s.handle.ctx, user, password)
	if cause := context.Cause(s.handle.ctx); err != nil && cause != nil {
		return cause
	}
	if err == nil {
		return s.completeLogin(user)
	}
	s.logRefusal("password", "user", wire.Printable(user))
	if err := s.limits.Pause(s.handle.ctx, s.limits.Failed(user, auth.Has(user))); err != nil {
		return err
	}
	return core.Errorf(core.CodeAuthFailed, "Bad password.")
}

// loginByCertificate logs in a client whose certificate a client authority has
// signed, if its common name is an account.
func (s *session) loginByCertificate() error {
	state := s.conn.TLS()
	if state == nil || len(state.VerifiedChains) == 0 {
		return nil
	}
	if name := state.PeerCertificates[0].Subject.CommonName; s.server.cfg.Auth.Has(name) {
		return s.completeLogin(name)
	}
	return nil
}

// completeLogin logs in a client that has proved who it is, unless the limits
// or a plugin are against it.
func (s *session) completeLogin(user string) error {
	if err := s.limits.Login(user); err != nil {
		return s.refuseLogin(user, err)
	}
	s.setUser(user)
	if err := s.runHooks("login", user, "", loginHook); err != nil {
		s.setUser("")
		return err
	}
	s.log("login", "user", wire.Printable(user))
	return nil
}

// refuseLogin refuses a login that the limits are against.
func (s *session) refuseLogin(user string, why error) error {
	s.logRefusal(why.Error(), "user", wire.Printable(user))
	if errors.Is(why, limit.UserSessions) {
		return core.Errorf(core.CodeBusy, "Too many sessions of this account.")
	}
	return refusalError(why)
}

// setUser makes the session one of the account user, "" for none.
func (s *session) setUser(user string) {
	if s.user != "" && user == "" {
		s.loginDeadline = time.Now().Add(s.settings.Timeouts.Login)
		s.limits.Logout()
	}
	s.user = user
	s.handle.setUser(user)
	s.applyGrant()
}

// useSettings makes the session follow the settings from now on.
func (s *session) useSettings(settings *Settings) {
	if settings == s.settings {
		return
	}
	s.settings = settings
	s.conn.SetWriteTimeout(settings.Timeouts.Write)
	s.applyGrant()
}

// applyGrant gives the session what its account may use. Without an account it
// has no files.
func (s *session) applyGrant() {
	s.tree, s.verbs = nil, nil
	if s.user == "" {
		return
	}
	var grant Grant
	if s.settings.Grant != nil {
		grant = s.settings.Grant(s.user)
	}
	s.tree = s.settings.Exports
	if grant.Exports != nil {
		s.tree = s.tree.Only(grant.Exports)
	}
	if grant.Verbs != nil {
		s.verbs = make(map[string]bool)
		for _, v := range grant.Verbs {
			s.verbs[strings.ToUpper(v)] = true
		}
	}
}
