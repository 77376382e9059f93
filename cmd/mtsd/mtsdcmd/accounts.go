package mtsdcmd

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"mts/core/auth"
	"mts/core/config"
	"mts/core/names"
)

// accounts are who may log in.
type accounts struct {
	*auth.Users
	file  string
	token string // of the default account; "" if there was a users file at the start
}

// openAccounts opens the users file. If none is named and there is none, the
// only account is the default one, until there is a users file. Its token lives
// as long as the process.
func (p *preparer) openAccounts(next *parts) error {
	path, named, err := usersFile(next.cfg, p.options)
	if err != nil || next.cfg.Bad("auth") {
		return err
	}
	if p.running != nil && p.running.accounts.file == path {
		next.accounts = p.running.accounts
	} else if err := p.readAccounts(next, path, named); err != nil {
		return err
	}
	return checkAccounts(next)
}

func (p *preparer) readAccounts(next *parts, path string, named bool) (err error) {
	next.accounts.file = path
	next.accounts.Users, err = auth.Open(path)
	switch {
	case err == nil:
		return nil
	case !named && errors.Is(err, fs.ErrNotExist):
		if next.accounts.token = p.inherited.token; next.accounts.token == "" {
			next.accounts.token, _ = auth.NewToken()
		}
		next.accounts.Users = auth.UntilFile(path, auth.Account{Name: names.DefaultAccount, Hash: auth.HashToken(next.accounts.token)})
		return nil
	case errors.As(err, new(*auth.LineError)):
		return err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return next.cfg.Errorf("auth.users", "there is no file %s; mtsd user add --users %[1]s NAME makes it", path)
	}
	return next.cfg.Errorf("auth.users", "%s", err)
}

// checkAccounts refuses a server for networks that has no account but the default
// one: its token would be in the log of the service.
func checkAccounts(next *parts) error {
	if next.accounts.FromFile() && len(next.accounts.Names()) > 0 || next.cfg.Bad("server") {
		return nil
	}
	var errs []error
	for _, addr := range slices.Concat(next.cfg.Server.Listen, next.cfg.Server.Plain) {
		if beyondLoopback(addr) {
			errs = append(errs, usagef("refusing to serve %s without an account: add one first, with mtsd user add --users %s NAME", addr, next.accounts.file))
		}
	}
	return config.Join(errs...)
}

// usersFile returns the users file: the flag's, the configuration's, or the
// one in the state directory, whether it exists or not.
func usersFile(cfg *config.Config, opts *options) (path string, named bool, err error) {
	if cfg.Auth.Users != "" {
		return cfg.Auth.Users, true, nil
	}
	dir, err := opts.stateDir()
	return filepath.Join(dir, "users"), false, err
}
