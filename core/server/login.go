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

var errBadPassword = core.Errorf(core.CodeAuthFailed, "Bad password.")

// login logs the session out, and in again to nextUser if password is right.
func (s *session) login(password string) error {
	s.setUser("")
	start, user := time.Now(), s.nextUser
	if s.conn.TLS() == nil && !s.server.cfg.InsecurePlaintext && !isLocal(s.local) {
		s.logRefusal("plaintext", "user", wire.Printable(user))
		return core.Errorf(core.CodeTLSRequired, "TLS is required to log in.")
	}
	slowdown, err := s.tryPassword(user, password)
	switch {
	case err == nil:
		return s.completeLogin(user)
	case errors.As(err, new(limit.Refusal)):
		return s.refuseLogin(user, err)
	case !errors.Is(err, errBadPassword):
		return err
	}
	delay := slowdown + s.server.cfg.Auth.Delay(time.Since(start)+slowdown)
	if err := s.limits.Pause(s.handle.ctx, delay); err != nil {
		return err
	}
	return errBadPassword
}

// tryPassword checks a password and counts the login or the failure. A password that
// takes long to check waits for its turn. The attempts of a client are counted before
// the next one has its turn, so that a client that is banned learns nothing more,
// however many passwords it sends at once. After errBadPassword the answer has to
// wait for the time slowdown.
func (s *session) tryPassword(user, password string) (slowdown time.Duration, err error) {
	if err := s.limits.MayLogin(user); err != nil {
		return 0, err
	}
	if s.server.cfg.Auth.IsSlow(password) {
		ctx, cancel := context.WithDeadlineCause(s.handle.ctx, s.loginDeadline, errTimeout)
		defer cancel()
		if err := s.limits.Turn(ctx); err != nil {
			return 0, err
		}
		defer s.limits.EndTurn()
		if err := s.limits.MayLogin(user); err != nil {
			return 0, err
		}
	}
	why := "wrong"
	if s.server.cfg.Auth.Authenticate(user, password) == nil {
		grant := s.settings.grant(user)
		why = grant.refuses(s.handle.client)
	}
	if why == "" {
		return 0, s.limits.Login(user)
	}
	return s.countFailure(user, why), errBadPassword
}

// countFailure counts and logs a login that fails although the client may try. The
// client doesn't learn why. It returns the delay of the answer.
func (s *session) countFailure(user, why string) time.Duration {
	s.logRefusal("password", "user", wire.Printable(user), "why", why)
	return s.limits.Failed(user, s.server.cfg.Auth.Has(user))
}

// loginByCertificate logs in a client whose certificate a client authority has
// signed, if its common name is an account.
func (s *session) loginByCertificate() error {
	state := s.conn.TLS()
	if state == nil || len(state.VerifiedChains) == 0 {
		return nil
	}
	name := state.PeerCertificates[0].Subject.CommonName
	if !s.server.cfg.Auth.Has(name) {
		return nil
	}
	grant := s.settings.grant(name)
	if why := grant.refuses(s.handle.client); why != "" {
		s.countFailure(name, why)
		return nil
	}
	if err := s.limits.Login(name); err != nil {
		return s.refuseLogin(name, err)
	}
	return s.completeLogin(name)
}

// completeLogin logs in a client that has proved who it is, and that the limits
// have counted, unless a plugin is against it, or it has to be told first why its
// last session was ended.
func (s *session) completeLogin(user string) error {
	s.setUser(user)
	err := s.server.untold.take(absentee{s.handle.client, user})
	if err == nil {
		err = s.runHooks("login", user, "", loginHook)
	}
	if err != nil {
		s.setUser("")
		return err
	}
	s.log("login", "user", wire.Printable(user))
	return nil
}

// refuseLogin refuses a login that the limits are against.
func (s *session) refuseLogin(user string, why error) error {
	s.logRefusal(why.Error(), "user", wire.Printable(user))
	switch {
	case errors.Is(why, limit.UserSessions):
		return core.Errorf(core.CodeBusy, "Too many sessions of this account.")
	case errors.Is(why, limit.Busy):
		return core.Errorf(core.CodeBusy, "Too many logins are waiting. Try again.")
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
	grant := s.settings.grant(s.user)
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
