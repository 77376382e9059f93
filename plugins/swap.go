package plugins

import (
	"maps"
	"slices"

	"mts/core"
)

// A clash is an error that may go when other plugins change.
type clash struct{ error }

// waitBefore has a version that claims a verb which its plugin doesn't have
// yet wait for the plugins that are loaded beside it and whose names come
// first, so that the first of those that claim a verb gets it.
func (s *Set) waitBefore(j *job, g *generation) {
	s.mu.Lock()
	known := s.owners.has(j.plugin.name, g.verbNames())
	s.mu.Unlock()
	if known {
		return
	}
	for _, other := range j.before {
		select {
		case <-other.done:
		case <-s.closing.Done():
		}
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
	var verbs []string
	if g != nil {
		verbs = g.verbNames()
	}
	if err := s.owners.refuse(p.name, verbs); err != nil {
		p.clashed = s.swaps
		return clash{err}
	}
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
	if g != nil {
		s.owners.assign(p.name, verbs)
	}
	s.swaps++
	return nil
}
