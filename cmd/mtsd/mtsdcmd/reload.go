package mtsdcmd

import (
	"errors"
	"reflect"
	"time"

	"mts/certs"
	"mts/core/config"
	"mts/core/server"
)

// A part is something that can be read again while the server runs: as a whole
// or, if it is bad, not at all.
type part struct {
	name string
	load func(*daemon) error
}

var parts = []part{
	{"config", (*daemon).reloadConfig},
	{"tls", (*daemon).reloadTLS},
	{"users", (*daemon).reloadUsers},
	{"plugins", (*daemon).reloadPlugins},
}

// reload reads one part again, or all of them if name is "". What is bad stays
// as it was; the error says what that is, and so does the log. Sessions go on.
func (d *daemon) reload(name string) error {
	d.reloading.Lock()
	defer d.reloading.Unlock()
	defer d.tellReload()()
	var errs []error
	for _, p := range parts {
		if name == "" || name == p.name {
			err := p.load(d)
			d.logReload(p.name, err)
			errs = append(errs, err)
		}
	}
	if errs == nil {
		return errors.New(name + " is no part that can be reloaded")
	}
	return errors.Join(errs...)
}

func (d *daemon) logReload(part string, err error) {
	if err != nil {
		d.log.Error("reload", "part", part, "err", err)
		return
	}
	d.log.Info("reload", "part", part)
}

// reloadConfig makes the configuration that there is now the one in force, but
// for what only a restart changes.
func (d *daemon) reloadConfig() error {
	cfg, err := d.configure()
	if err != nil {
		return err
	}
	if err := unsupported(cfg); err != nil {
		return err
	}
	if err := checkPlaces(cfg); err != nil {
		return err
	}
	if err := d.sandbox.checkExports(cfg); err != nil {
		return err
	}
	keeper, err := d.openKeeper(cfg)
	if err != nil {
		return err
	}
	settings, err := openSettings(cfg, keeper)
	if err != nil {
		return err
	}
	for _, key := range needRestart(d.cfg, cfg) {
		d.log.Warn("reload", "part", "config", "key", key, "err", "it has changed, which takes a restart")
	}
	d.cfg, d.keeper, d.tree = cfg, keeper, settings.Exports
	d.server.Apply(settings)
	d.limits.SetPolicy(policy(cfg))
	return d.log.level.UnmarshalText([]byte(cfg.Log.Level))
}

// needRestart names what differs between two configurations and isn't read
// while the server runs.
func needRestart(old, now *config.Config) (keys []string) {
	for key, of := range map[string]func(*config.Config) any{
		"server.listen":     func(c *config.Config) any { return c.Server.Listen },
		"server.plain":      func(c *config.Config) any { return c.Server.Plain },
		"auth.users":        func(c *config.Config) any { return c.Auth.Users },
		"plugins.dir":       func(c *config.Config) any { return c.Plugins.Dir },
		"plugins.timeout":   func(c *config.Config) any { return c.Plugins.Timeout },
		"plugins.memory":    func(c *config.Config) any { return c.Plugins.Memory },
		"plugins.instances": func(c *config.Config) any { return c.Plugins.Instances },
		"admin":             func(c *config.Config) any { return c.Admin },
		"log.format":        func(c *config.Config) any { return c.Log.Format },
		"log.file":          func(c *config.Config) any { return c.Log.File },
		"metrics.listen":    func(c *config.Config) any { return c.Metrics.Listen },
	} {
		if !reflect.DeepEqual(of(old), of(now)) {
			keys = append(keys, key)
		}
	}
	return keys
}

// openKeeper returns the keeper of the certificate that cfg names: the one there
// is, if it names the same. It is nil if neither a TLS listener nor STARTTLS
// needs one.
func (d *daemon) openKeeper(cfg *config.Config) (*certs.Keeper, error) {
	if len(cfg.Server.Listen) == 0 && !cfg.Server.StartTLS {
		return nil, nil
	}
	if d.keeper != nil && cfg.TLS.Cert == d.cfg.TLS.Cert && cfg.TLS.Key == d.cfg.TLS.Key {
		return d.keeper, nil
	}
	keeper, err := certs.NewKeeper(pairLoader(cfg, d.opts))
	return keeper, pairError(cfg, err)
}

// reloadTLS reads the certificate, its key and the client authorities.
func (d *daemon) reloadTLS() error {
	if d.keeper == nil {
		return nil
	}
	tlsConfig, err := tlsConfig(d.cfg, d.keeper)
	if err == nil {
		err = pairError(d.cfg, d.keeper.Reload())
	}
	if err != nil {
		return err
	}
	settings := settings(d.cfg, d.tree, tlsConfig)
	d.server.Apply(settings)
	return nil
}

func (d *daemon) reloadUsers() error { return d.users.Reload() }

// reloadPlugins reads the plugins and their settings.
func (d *daemon) reloadPlugins() error {
	if d.plugins == nil {
		return nil
	}
	cfg, err := d.configure()
	if err != nil {
		return err
	}
	d.plugins.Configure(cfg.Plugins.Settings)
	return d.plugins.Reload()
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

// watchUsers looks now and then whether the users file has changed, so that
// sessions end even when nobody logs in.
func (d *daemon) watchUsers() {
	ticker := time.NewTicker(2 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			d.users.Refresh()
		case <-d.stopped:
			return
		}
	}
}
