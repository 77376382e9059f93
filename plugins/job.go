package plugins

import (
	"cmp"
	"errors"
	"io/fs"
	"iter"
	"maps"
	"os"
	"slices"
	"sync"
)

// A job brings one plugin up to date, in parallel with the others of a Reload.
type job struct {
	plugin *plugin
	force  bool          // load it even if it hasn't changed
	before []*job        // those of the plugins whose names come first
	done   chan struct{} // closed when the job has ended
	err    error         // valid from then on
}

// jobs returns a job for each plugin, and makes the plugins that are new.
func (s *Set) jobs() ([]*job, error) {
	names, err := folders(s.cfg.Dir)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if err.Error() != s.unread {
			s.unread = err.Error()
			s.cfg.Log.Error("plugins", "err", err)
		}
		return nil, err
	}
	s.unread = ""
	s.owners.keep(slices.Concat(names, slices.Collect(maps.Keys(s.plugins))))
	for _, name := range names {
		s.plugin(name)
	}
	return jobsOf(maps.Values(s.plugins)), nil
}

// jobsOf returns a job for each plugin, in the order of their names.
func jobsOf(plugins iter.Seq[*plugin]) []*job {
	var jobs []*job
	for _, p := range slices.SortedFunc(plugins, func(a, b *plugin) int { return cmp.Compare(a.name, b.name) }) {
		jobs = append(jobs, &job{plugin: p, before: jobs, done: make(chan struct{})})
	}
	return jobs
}

// run runs the jobs in parallel. Then it runs again those that failed because of
// another plugin that has changed meanwhile: so a verb can move from one plugin
// to another.
func (s *Set) run(jobs []*job) error {
	s.doAll(jobs)
	again := jobsOf(s.clashed())
	s.doAll(again)
	s.saveOwners()
	last := make(map[string]error)
	for _, j := range slices.Concat(jobs, again) {
		last[j.plugin.name] = j.err
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(last)) {
		errs = append(errs, last[name])
	}
	return errors.Join(errs...)
}

func (s *Set) doAll(jobs []*job) {
	var all sync.WaitGroup
	for _, j := range jobs {
		all.Go(func() {
			defer close(j.done)
			j.err = s.do(j)
		})
	}
	all.Wait()
}

// do loads what has changed in the plugin's folder, or ends the plugin if its
// folder is gone. Of the jobs for one plugin, one runs at a time.
func (s *Set) do(j *job) error {
	p := j.plugin
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-s.closing.Done():
		return errClosed
	}
	if !s.has(p) {
		return nil // it was removed while the job waited
	}
	if _, err := os.Stat(s.folder(p.name)); errors.Is(err, fs.ErrNotExist) {
		return s.remove(p)
	}
	if src := s.read(p.name); j.force || s.due(p, src.version) {
		return s.load(j, src)
	}
	return nil
}

func (s *Set) has(p *plugin) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plugins[p.name] == p
}

// due reports whether a version is to be loaded.
func (s *Set) due(p *plugin, version string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !p.unloaded && (p.tried != version || s.mayFit(p))
}

// mayFit reports whether the plugin clashed with something that has changed
// since. The caller holds mu.
func (s *Set) mayFit(p *plugin) bool {
	return errors.As(p.err, new(clash)) && p.clashed != s.swaps
}

// clashed returns the plugins that are to be tried again.
func (s *Set) clashed() iter.Seq[*plugin] {
	s.mu.Lock()
	defer s.mu.Unlock()
	var again []*plugin
	for _, p := range s.plugins {
		if s.mayFit(p) {
			again = append(again, p)
		}
	}
	return slices.Values(again)
}
