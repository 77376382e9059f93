package plugins

import (
	"errors"
	"fmt"
	"slices"
)

// Errors of Load and Unload.
var (
	ErrNoPlugin = errors.New("no such plugin")
	errClosed   = errors.New("plugins are closed")
)

// Reload looks at the directory and puts in force what has changed. A version
// that can't be loaded replaces nothing. The error joins what is wrong with
// each plugin that changed; it has been logged.
func (s *Set) Reload() error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.running.Done()
	jobs, err := s.jobs()
	if err != nil {
		return err
	}
	return errors.Join(s.run(jobs), s.missing())
}

// Load loads a plugin anew, also one that was unloaded or hasn't changed.
func (s *Set) Load(name string) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.running.Done()
	names, err := folders(s.cfg.Dir)
	if err != nil {
		return err
	}
	if !slices.Contains(names, name) {
		return fmt.Errorf("%w: %s", ErrNoPlugin, name)
	}
	s.mu.Lock()
	p := s.plugin(name)
	p.unloaded = false
	s.mu.Unlock()
	return s.do(&job{plugin: p, force: true})
}

// Unload ends a plugin, until Load or a restart.
func (s *Set) Unload(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.plugins[name]
	if p == nil {
		return fmt.Errorf("%w: %s", ErrNoPlugin, name)
	}
	if s.isRequired(name) {
		return fmt.Errorf("plugin %s is required", name)
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
	s.settings = settings
}

// begin has Close wait for the caller, who has to call running.Done.
func (s *Set) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed() {
		return errClosed
	}
	s.running.Add(1)
	return nil
}

var errGone = errors.New("its folder is gone, but it is required: the last version stays in force")

// remove ends a plugin whose folder is gone. The caller has the plugin's turn.
func (s *Set) remove(p *plugin) error {
	s.mu.Lock()
	var err error
	if s.isRequired(p.name) {
		err = errGone
	} else if err = s.swap(p, nil); err == nil {
		s.owners.assign(p.name, nil)
	}
	news := !errors.Is(p.err, err)
	p.err = err
	s.mu.Unlock()
	if err != nil {
		if news {
			p.log().Error("plugin", "event", "removed", "err", err)
		}
		return fmt.Errorf("plugin %s: %w", p.name, err)
	}
	p.store.close()
	s.mu.Lock()
	delete(s.plugins, p.name)
	s.mu.Unlock()
	p.log().Info("plugin", "event", "removed")
	return nil
}

// load puts a new version of a plugin in force. The caller has the plugin's
// turn.
func (s *Set) load(j *job, src source) error {
	p := j.plugin
	s.mu.Lock()
	p.loading, p.tried = true, src.version
	s.mu.Unlock()
	g, err := s.generation(p, src)
	if err == nil {
		s.waitForEarlier(j, g)
		if err = s.commit(p, g); err != nil {
			g.retire()
		}
	}
	s.mu.Lock()
	p.loading, p.err = false, err
	if errors.Is(err, errStart) {
		p.tried = "" // not the plugin's fault: the next Reload tries again
	}
	s.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("plugin %s: %w", p.name, err)
		p.log().Error("plugin", "event", "refused", "version", src.version, "err", err)
		return err
	}
	p.log().Info("plugin", "event", "loaded", "version", src.version, "verbs", g.verbNames())
	return nil
}

// generation starts a version, when its turn has come.
func (s *Set) generation(p *plugin, src source) (*generation, error) {
	if src.err != nil {
		return nil, src.err
	}
	select {
	case s.loads <- struct{}{}:
		defer func() { <-s.loads }()
	case <-s.closing.Done():
		return nil, errClosed
	}
	return start(p, src)
}
