package mtsdcmd

import (
	"errors"
	"io/fs"
	"path/filepath"

	"mts/core/auth"
	"mts/core/config"
	"mts/core/names"
)

// accounts are who may log in.
type accounts struct {
	*auth.Users
	file  string
	token string // of the default account; "" if there is a users file
}

// openAccounts opens the users file. If none is named and there is none, the
// only account is the default one, and its token lives as long as the process.
func (p *preparer) openAccounts(next *parts) error {
	cfg := next.cfg
	path, named, err := usersFile(cfg, p.options)
	if err != nil || cfg.Bad("auth") {
		return err
	}
	if p.running != nil && p.running.accounts.file == path {
		next.accounts = p.running.accounts
		return nil
	}
	next.accounts.file = path
	next.accounts.Users, err = auth.Open(path)
	switch {
	case err == nil:
		return nil
	case !named && errors.Is(err, fs.ErrNotExist):
		if next.accounts.token = p.inherited.token; next.accounts.token == "" {
			next.accounts.token, _ = auth.NewToken()
		}
		next.accounts.Users = auth.Memory(auth.Account{Name: names.DefaultAccount, Hash: auth.HashToken(next.accounts.token)})
		return nil
	case errors.As(err, new(*auth.LineError)):
		return err
	}
	return cfg.Errorf("auth.users", "%s", err)
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
