package mtsdcmd

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"mts/admin"
	"mts/certs"
	"mts/core/builtin"
	"mts/core/config"
	"mts/core/exports"
	"mts/core/limit"
	"mts/core/logsink"
	"mts/core/server"
)

// parts is what a configuration describes, checked and open. It doesn't change.
type parts struct {
	cfg       *config.Config
	state     string        // the state directory
	operators []int         // users of the system that may use the admin socket
	keeper    *certs.Keeper // of the certificate; nil without TLS
	clients   clientCerts
	accounts  accounts
	limits    *limit.Table
	tree      *exports.Tree
	verbs     []string // of plugins, in a dry run
}

// A preparer turns configurations into parts. The start, a reload and config
// check share it, so that a configuration that one of them accepts is accepted
// by all.
type preparer struct {
	*options
	dry     bool     // make nothing
	sandbox *sandbox // that the process is in; nil without one
	running *parts   // nil before the start; what it has open is used again
}

// prepare checks a configuration and all that it names. The error has all
// mistakes, and those that were found before. They are all there is if cfg is nil.
func (p *preparer) prepare(cfg *config.Config, mistakes error) (*parts, error) {
	if cfg == nil {
		return nil, mistakes
	}
	next := &parts{cfg: cfg}
	errs := []error{mistakes, checkUse(cfg), checkSupport(cfg), checkLog(cfg)}
	for _, step := range []func(*parts) error{
		p.checkSandbox, p.checkPlaces, p.checkSecrets, p.openState, p.findOperators, p.openTLS, p.openAccounts, p.openExports, p.checkPlugins,
	} {
		errs = append(errs, step(next))
	}
	if err := config.Join(errs...); err != nil {
		next.close()
		return nil, err
	}
	return next, nil
}

// close gives back what only these parts hold.
func (p *parts) close() {
	if p.tree != nil {
		p.tree.Close()
	}
}

// settings returns the part of the configuration that the server needs.
func (p *parts) settings() server.Settings {
	return server.Settings{
		Exports:     p.tree,
		Grant:       grants(p.cfg),
		TLS:         p.tlsConfig(),
		StartTLS:    p.cfg.Server.StartTLS,
		Timeouts:    server.Timeouts(p.cfg.Timeouts),
		MaxSessions: p.cfg.Server.MaxSessions,
		Proxies:     p.cfg.Server.ProxyProtocolFrom,
	}
}

// checkUse refuses a server that nobody could fetch anything from.
func checkUse(cfg *config.Config) error {
	var errs []error
	if len(cfg.Exports) == 0 && !cfg.Bad("export") {
		errs = append(errs, usagef("nothing to serve: add DIR to the command, or an [[export]] to the configuration"))
	}
	if len(cfg.Server.Listen)+len(cfg.Server.Plain) == 0 && !cfg.Bad("server") {
		errs = append(errs, cfg.Errorf("server.listen", "server.listen and server.plain are both empty"))
	}
	return config.Join(errs...)
}

// checkSupport refuses services that the configuration format has, but this
// version of the server hasn't.
func checkSupport(cfg *config.Config) error {
	if len(cfg.TLS.ACME.Domains) > 0 {
		return cfg.Errorf("tls.acme.domains", "ACME is not supported by this version")
	}
	return nil
}

// checkLog refuses a log file that can't be opened.
func checkLog(cfg *config.Config) error {
	if cfg.Log.File == "" {
		return nil
	}
	if err := logsink.Check(cfg.Log.File); err != nil {
		return cfg.Errorf("log.file", "%s", err)
	}
	return nil
}

// findOperators looks up who may use the admin socket.
func (p *preparer) findOperators(next *parts) error {
	var errs []error
	for _, name := range next.cfg.Admin.AllowUsers {
		uid, err := admin.UID(name)
		if err != nil {
			errs = append(errs, next.cfg.Errorf("admin.allow_users", "%s", err))
		}
		next.operators = append(next.operators, uid)
	}
	return config.Join(errs...)
}

// openState opens the state directory, and the table of clients with the bans
// that are kept there.
func (p *preparer) openState(next *parts) (err error) {
	next.state, err = p.openStateDir(!p.dry && p.running == nil)
	switch {
	case err != nil:
	case p.running != nil:
		next.limits = p.running.limits
	default:
		next.limits, err = limit.Open(filepath.Join(next.state, "bans"), policy(next.cfg))
	}
	return err
}

// policy is what the configuration says about limits.
func policy(cfg *config.Config) limit.Policy {
	l := cfg.Limits
	return limit.Policy{
		Client: limit.Allowance{
			Sessions: l.SessionsPerClient,
			Commands: l.CommandsPerSecond,
			Bytes:    int64(l.BytesPerSecond),
		},
		Connections: l.ConnectionsPerSecond,
		Account: func(name string) limit.Allowance {
			u := cfg.Users[name]
			return limit.Allowance{Sessions: u.Sessions, Commands: u.CommandsPerSecond, Bytes: int64(u.BytesPerSecond)}
		},
		Total:       int64(l.TotalBytesPerSecond),
		MaxSessions: cfg.Server.MaxSessions,
		Failures:    l.LoginFailures,
		BanTime:     l.BanTime,
		Exempt:      l.Exempt,
	}
}

// grants looks an account up in the [user.NAME] tables.
func grants(cfg *config.Config) func(string) server.Grant {
	return func(user string) server.Grant {
		u := cfg.Users[user]
		return server.Grant{Exports: u.Exports, Verbs: u.Verbs, Networks: u.Networks, Expires: u.End()}
	}
}

// openExports opens what is served. The error has every export that can't be.
func (p *preparer) openExports(next *parts) (err error) {
	cfg := next.cfg
	if err := p.sandbox.checkExports(cfg); err != nil {
		return err
	}
	var list []exports.Export
	var keys []string
	for i, e := range cfg.Exports {
		if key := fmt.Sprintf("export[%d]", i); !cfg.Bad(key) {
			list = append(list, exports.Export{Path: e.Path, Dir: e.Dir, Hidden: e.Hidden})
			keys = append(keys, key+".dir")
		}
	}
	var errs []error
	for {
		next.tree, err = exports.New(list...)
		bad, ok := errors.AsType[*exports.Error](err)
		if err == nil && len(errs) == 0 {
			return next.checkFolders()
		}
		if !ok {
			return config.Join(append(errs, err)...)
		}
		errs = append(errs, cfg.Errorf(keys[bad.Index], "%s", err))
		list = slices.Delete(list, bad.Index, bad.Index+1)
		keys = slices.Delete(keys, bad.Index, bad.Index+1)
	}
}

// checkFolders refuses what accounts are narrowed to but isn't there.
func (p *parts) checkFolders() error {
	return p.cfg.CheckFolders(func(path string) bool {
		info, err := p.tree.Stat(path)
		return err == nil && info.Dir
	})
}

// warnings returns what the configuration says of accounts and verbs that don't
// exist. The verbs are those of plugins.
func (p *parts) warnings(verbs []string) error {
	for _, c := range builtin.Commands() {
		verbs = append(verbs, c.Verb)
	}
	return config.Join(p.cfg.UnknownAccounts(p.accounts.Names()), p.cfg.UnknownVerbs(verbs))
}
