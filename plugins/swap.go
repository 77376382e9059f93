package plugins

import (
	"maps"
	"slices"

	"mts/core"
)

// A clash is an error that may go when other plugins change.
type clash struct{ error }

// waitForEarlier makes a version that claims a new verb wait for the plugins that
// are loaded at the same time and come first by name. So the first plugin by name
// gets the verb.
func (s *Set) waitForEarlier(j *job, g *generation) {
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
		return errClosed
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
