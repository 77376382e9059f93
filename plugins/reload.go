package plugins

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"mts/core"
	"mts/plugins/internal/link"
)

// Errors of Load and Unload.
var (
	ErrNoPlugin = errors.New("no such plugin")
	ErrClosed   = errors.New("plugins are closed")
)

// Reload looks at the directory and puts in force what has changed. A version
// that can't be loaded replaces nothing. The error joins what is wrong with
// each plugin that changed; it has been logged.
func (s *Set) Reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	found, err := s.scan()
	if err != nil {
		if err.Error() != s.unread {
			s.unread = err.Error()
			s.cfg.Log.Error("plugins", "err", err)
		}
		return err
	}
	s.unread = ""
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.plugins)) {
		if _, ok := found[name]; !ok {
			errs = append(errs, s.remove(s.plugins[name]))
		}
	}
	return errors.Join(append(errs, s.bring(found)...)...)
}

// bring loads what is new, and tries again what clashed with something that
// has changed since: a verb may move from one plugin to another.
func (s *Set) bring(found map[string]source) (errs []error) {
	names := slices.Sorted(maps.Keys(found))
	failed := make(map[string]error)
	for _, name := range names {
		if p := s.plugin(name); !p.unloaded && p.tried != found[name].version {
			failed[name] = s.load(p, found[name])
		}
	}
	for _, name := range names {
		if p := s.plugins[name]; errors.As(p.err, new(clash)) && p.clashed != s.swaps {
			failed[name] = s.load(p, found[name])
		}
	}
	for _, name := range names {
		errs = append(errs, failed[name])
	}
	return errs
}

// Load loads a plugin anew, also one that was unloaded or hasn't changed.
func (s *Set) Load(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	found, err := s.scan()
	if err != nil {
		return err
	}
	src, ok := found[name]
	if !ok {
		return fmt.Errorf("%w: %s", ErrNoPlugin, name)
	}
	p := s.plugin(name)
	p.unloaded = false
	return s.load(p, src)
}

// Unload ends a plugin, until Load or a restart.
func (s *Set) Unload(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.plugins[name]
	if p == nil {
		return fmt.Errorf("%w: %s", ErrNoPlugin, name)
	}
	if err := s.swap(p, nil); err != nil {
		return err
	}
	p.unloaded, p.tried, p.err = true, "", nil
	return nil
}

// Configure sets the settings that the next Reload goes by.
func (s *Set) Configure(settings map[string]map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Settings = settings
}

// plugin returns the plugin of that name, and makes it if there is none.
func (s *Set) plugin(name string) *plugin {
	p := s.plugins[name]
	if p == nil {
		p = &plugin{name: name, set: s, store: openStore(s.cfg.Store, name, s.cfg.Log)}
		s.plugins[name] = p
	}
	return p
}

// remove ends a plugin whose folder is gone.
func (s *Set) remove(p *plugin) error {
	if err := s.swap(p, nil); err != nil {
		return err
	}
	delete(s.plugins, p.name)
	s.cfg.Log.Info("plugin", "plugin", p.name, "event", "removed")
	p.store.close()
	return nil
}

// load puts a new version of a plugin in force.
func (s *Set) load(p *plugin, src source) error {
	p.tried, p.clashed = src.version, s.swaps
	g, err := s.generation(p, src)
	if err == nil {
		if err = s.swap(p, g); err != nil {
			g.retire()
		}
	}
	p.err = err
	if errors.Is(err, errStart) {
		p.tried = "" // not the plugin's fault: the next Reload tries again
	}
	if err != nil {
		err = fmt.Errorf("plugin %s: %w", p.name, err)
		s.cfg.Log.Error("plugin", "plugin", p.name, "event", "refused", "version", src.version, "err", err)
		return err
	}
	s.cfg.Log.Info("plugin", "plugin", p.name, "event", "loaded", "version", src.version, "verbs", g.verbs())
	return nil
}

// generation checks a version and starts it.
func (s *Set) generation(p *plugin, src source) (*generation, error) {
	if src.err != nil {
		return nil, src.err
	}
	archive, err := zip.NewReader(bytes.NewReader(src.archive), int64(len(src.archive)))
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(archive, link.Folder+p.name)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, finding := range s.check(files, p.name) {
		finding.Pos.Filename = p.name + "/" + finding.Pos.Filename
		errs = append(errs, errors.New(finding.String()))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return start(p, src)
}

// A clash is an error of Update.
type clash struct{ error }

// swap puts g in force in place of what p has, or nothing if g is nil.
func (s *Set) swap(p *plugin, g *generation) error {
	var all []core.Plugin
	for _, name := range slices.Sorted(maps.Keys(s.plugins)) {
		in := s.plugins[name].current.Load()
		if name == p.name {
			in = g
		}
		if in != nil {
			all = append(all, in.plugin())
		}
	}
	if err := s.cfg.Update(all); err != nil {
		return clash{err}
	}
	p.replace(g)
	s.swaps++
	return nil
}
