package mtsdcmd

import (
	"cmp"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"mts/core/access"
	"mts/core/builtin"
	"mts/core/config"
	"mts/core/server"
	"mts/plugins"
)

// checkPlugins refuses a folder of plugins that isn't there, or that others may
// write to. A dry run loads the plugins too: a server refuses those that can't
// be loaded and starts without them, but the configuration isn't good.
func (p *preparer) checkPlugins(next *parts) error {
	if next.cfg.Plugins.Dir == "" || next.cfg.Bad("plugins") {
		return nil
	}
	if err := checkPluginDir(next.cfg); err != nil || !p.dry {
		return err
	}
	verbs, err := tryPlugins(next.cfg)
	next.verbs = verbs
	return err
}

func checkPluginDir(cfg *config.Config) error {
	if fi, err := os.Stat(cfg.Plugins.Dir); err != nil || !fi.IsDir() {
		return cfg.Errorf("plugins.dir", "%s is not a folder", cfg.Plugins.Dir)
	}
	return checkSources(cfg)
}

// checkSources refuses plugins that others may change: the folder of all, that
// of one, or a file in it. What is added later is refused when it is loaded.
func checkSources(cfg *config.Config) error {
	var errs []error
	root := realPath(cfg.Plugins.Dir)
	if err := access.CheckPath(root); err != nil {
		return cfg.Errorf("plugins.dir", "%s: %s", root, err)
	}
	filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			errs = append(errs, cfg.Errorf("plugins.dir", "%s", err))
			return nil
		case path != root && strings.ContainsAny(e.Name()[:1], "._"):
			return skip(e)
		}
		fi, err := e.Info()
		if err != nil || fi.Mode().Type()&fs.ModeSymlink != 0 {
			return nil
		}
		if err := access.CheckWrite(fi); err != nil {
			errs = append(errs, cfg.Errorf("plugins.dir", "%s: %s", path, err))
		}
		return nil
	})
	return config.Join(errs...)
}

// skip has WalkDir leave out an entry and what it holds.
func skip(e fs.DirEntry) error {
	if e.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// tryPlugins loads the plugins of a configuration and ends them. It returns their
// verbs. The error has what is wrong with each.
func tryPlugins(cfg *config.Config) ([]string, error) {
	store, err := os.MkdirTemp("", "mtsd-check-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(store)
	verbs, err := server.New(server.Config{Commands: builtin.Commands()})
	if err != nil {
		return nil, err
	}
	pc := pluginsConfig(cfg, store, slog.New(slog.DiscardHandler))
	pc.Update = verbs.SetPlugins
	set, err := openPlugins(cfg, pc)
	if err != nil {
		return nil, err
	}
	defer set.Close()
	missing := waitForPlugins(context.Background(), cfg, set)
	return pluginVerbs(set), cmp.Or(refused(cfg, set), missing)
}

// pluginVerbs returns the verbs of the plugins that are loaded. A nil set has none.
func pluginVerbs(set *plugins.Set) (verbs []string) {
	if set == nil {
		return nil
	}
	for _, s := range set.Status() {
		verbs = append(verbs, s.Verbs...)
	}
	return verbs
}

// waitForPlugins returns when the plugins are loaded, with an error if one that
// the configuration requires isn't in force, or with the cause that ended ctx.
func waitForPlugins(ctx context.Context, cfg *config.Config, set *plugins.Set) error {
	err := set.Wait(ctx)
	if err != nil && ctx.Err() == nil {
		return cfg.Errorf("plugins", "%s", err)
	}
	return err
}

// refused returns what keeps plugins of a configuration from being in force.
func refused(cfg *config.Config, set *plugins.Set) error {
	var errs []error
	for _, s := range set.Status() {
		for line := range strings.Lines(s.Error) {
			errs = append(errs, cfg.Errorf("plugins."+s.Name, "%s", strings.TrimSpace(line)))
		}
	}
	return config.Join(errs...)
}

// openPlugins begins to load the plugins of a configuration.
func openPlugins(cfg *config.Config, pc plugins.Config) (*plugins.Set, error) {
	set, err := plugins.Open(pc)
	if err != nil {
		return nil, cfg.Errorf("plugins.dir", "%s", err)
	}
	return set, nil
}

// pluginsConfig returns what a configuration says of plugins, which save what
// they keep in the folder state. Update is up to the caller.
func pluginsConfig(cfg *config.Config, state string, log *slog.Logger) plugins.Config {
	return plugins.Config{
		Dir:       cfg.Plugins.Dir,
		Store:     filepath.Join(state, "plugins"),
		Timeout:   cfg.Plugins.Timeout,
		Memory:    int64(cfg.Plugins.Memory),
		Instances: cfg.Plugins.Instances,
		Settings:  cfg.Plugins.Settings,
		Command:   startWorker,
		Log:       log,
	}
}
