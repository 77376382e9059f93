package plugins

import (
	"maps"
	"slices"

	"mts/core"
	"mts/plugins/internal/link"
)

// A clash is an error of Update.
type clash struct{ error }

// waitBefore has a version that claims a verb which its plugin doesn't have
// yet wait for the plugins that are loaded beside it and whose names come
// first, so that the first of those that claim a verb gets it.
func (s *Set) waitBefore(j *job, g *generation) {
	old := j.plugin.current.Load()
	for _, verb := range g.verbs() {
		if old != nil && old.has(link.KindVerb, verb) {
			continue
		}
		for _, other := range j.before {
			select {
			case <-other.done:
			case <-s.closing.Done():
			}
		}
		return
	}
}

// commit puts a version that was loaded in force.
func (s *Set) commit(p *plugin, g *generation) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed():
		return ErrClosed
	case p.unloaded:
		return errUnloaded
	}
	return s.swap(p, g)
}

// swap puts g in force in place of what p has, or nothing if g is nil. The
// caller holds mu.
func (s *Set) swap(p *plugin, g *generation) error {
	var all []core.Plugin
	for _, name := range slices.Sorted(maps.Keys(s.plugins)) {
		in := s.plugins[name].current.Load()
		if name == p.name {
			in = g
		}
		if in != nil {
			all = append(all, in.offer())
		}
	}
	if err := s.cfg.Update(all); err != nil {
		p.clashed = s.swaps
		return clash{err}
	}
	p.replace(g)
	s.swaps++
	return nil
}
