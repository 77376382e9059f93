package mtsdcmd

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mts/core/config"
	"mts/core/server"
)

// reloads is what reloads work with. One runs at a time.
type reloads struct {
	configure func() (*config.Config, error) // reads the configuration anew
	sandbox   *sandbox                       // that the process is in; nil without one
	turn      chan struct{}                  // one token, which a reload takes while it runs; accept puts it there
	wanted    chan struct{}                  // one token while a reload is requested and hasn't begun
}

func newReloads() reloads {
	return reloads{turn: make(chan struct{}, 1), wanted: make(chan struct{}, 1)}
}

// request asks for a reload in the background, and for the log file to be opened
// anew. A request that hasn't begun covers later ones.
func (r *reloads) request() {
	select {
	case r.wanted <- struct{}{}:
	default:
	}
}

// serveReloads does what is requested until the server is closed.
func (d *daemon) serveReloads() {
	for {
		select {
		case <-d.reloads.wanted:
			d.reopenLog()
			d.reload("")
		case <-d.running.Done():
			return
		}
	}
}

// reopenLog lets the log be rotated.
func (d *daemon) reopenLog() {
	if err := d.log.reopen(); err != nil {
		d.logReload("log", err)
	}
}

// A part is something that can be read again while the server runs: as a whole
// or, if it is bad, not at all.
type part struct {
	name string
	load func(*daemon) error
}

var reloadable = []part{
	{"config", (*daemon).reloadConfig},
	{"tls", (*daemon).reloadTLS},
	{"users", (*daemon).reloadUsers},
	{"plugins", (*daemon).reloadPlugins},
}

func partNames() (names []string) {
	for _, p := range reloadable {
		names = append(names, p.name)
	}
	return names
}

var errStopping = errors.New("the server is being stopped")

// reload reads one part again, or all of them if name is "". It waits for a
// reload that runs already. A part with mistakes stays as it was; the log and
// the error say why. Sessions go on.
func (d *daemon) reload(name string) error {
	select {
	case token := <-d.reloads.turn:
		defer func() { d.reloads.turn <- token }()
	case <-d.running.Done():
		return errStopping
	}
	if !d.monitor.ready.Load() {
		return errStopping
	}
	defer d.sdReloading()()
	var errs []error
	for _, p := range reloadable {
		if name == "" || name == p.name {
			err := p.load(d)
			if d.running.Err() != nil {
				return errStopping
			}
			d.logReload(p.name, err)
			errs = append(errs, err)
		}
	}
	if errs == nil {
		return fmt.Errorf("there is no part %s; the parts are %s", name, strings.Join(partNames(), ", "))
	}
	d.warn()
	return oneLine(config.Join(errs...))
}

// warn logs what in the configuration is probably not meant.
func (d *daemon) warn() {
	for _, warning := range mistakes(d.parts.Load().warnings(pluginVerbs(d.plugins))) {
		d.log.Warn("config", "err", warning)
	}
}

// logReload writes a line for each mistake, or for the success.
func (d *daemon) logReload(part string, err error) {
	if err == nil {
		d.log.Info("reload", "part", part)
		return
	}
	for _, err := range mistakes(err) {
		d.log.Error("reload", "part", part, "err", err)
	}
}

// reloadConfig puts the present configuration in force, except for what takes a
// restart.
func (d *daemon) reloadConfig() error {
	running := d.parts.Load()
	p := preparer{options: d.opts, sandbox: d.reloads.sandbox, running: running}
	next, err := p.prepare(d.reloads.configure())
	if err != nil {
		return err
	}
	for _, key := range next.keep(running) {
		d.log.Warn("reload", "part", "config", "key", key, "err", "a change of this key takes effect at a restart only")
	}
	d.parts.Store(next)
	d.server.Apply(next.settings())
	next.limits.SetPolicy(policy(next.cfg))
	return d.log.level.UnmarshalText([]byte(next.cfg.Log.Level))
}

// keep has p keep what takes a restart as it is in running, and the exports that
// are open if they are the same. It returns the keys that differ.
func (p *parts) keep(running *parts) (changed []string) {
	p.accounts, p.operators = running.accounts, running.operators
	p.keeper = cmp.Or(p.keeper, running.keeper) // TLS listeners stay open
	if slices.Equal(p.cfg.Exports, running.cfg.Exports) {
		p.tree.Close()
		p.tree = running.tree
	}
	return p.cfg.KeepRestart(running.cfg)
}

// reloadTLS reads the certificate, its key and the authorities of clients.
func (d *daemon) reloadTLS() (err error) {
	next := *d.parts.Load()
	if next.keeper == nil {
		return nil
	}
	next.clients, err = openClientCerts(next.cfg)
	if err == nil {
		err = pairError(next.cfg, next.keeper.Reload())
	}
	if err != nil {
		return err
	}
	d.parts.Store(&next)
	d.server.Apply(next.settings())
	return nil
}

func (d *daemon) reloadUsers() error { return d.parts.Load().accounts.Reload() }

// reloadPlugins reads the plugins and their settings.
func (d *daemon) reloadPlugins() error {
	if d.plugins == nil {
		return nil
	}
	cfg, err := d.reloads.configure()
	if cfg == nil || cfg.Bad("plugins") { // mistakes elsewhere are those of the part config
		return err
	}
	d.plugins.Configure(cfg.Plugins.Settings)
	err = d.plugins.Reload()
	return cmp.Or(refused(cfg, d.plugins), err)
}

// accountsChanged ends the sessions of accounts that are gone or have another
// password.
func (d *daemon) accountsChanged(names []string) {
	for _, name := range names {
		if f, err := server.ParseFilter([]string{"user=" + name}); err == nil {
			d.server.KickAll(f, "Your account has changed.")
		}
	}
}

// watchUsers looks every second whether the users file has changed or an account
// has expired, so that sessions end even when nobody logs in.
func (d *daemon) watchUsers() {
	d.often(func() {
		d.parts.Load().accounts.Refresh()
		d.server.EndExpired()
	})
}

// often calls f every second until the server is closed.
func (d *daemon) often(f func()) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			f()
		case <-d.running.Done():
			return
		}
	}
}
