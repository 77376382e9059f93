package plugins

import (
	"sync/atomic"
	"time"

	"mts/core"
)

// A plugin is what stays the same over all versions of one folder.
type plugin struct {
	name    string
	set     *Set
	turn    chan struct{} // held by the one goroutine that loads or removes it
	store   *store
	current atomic.Pointer[generation] // nil: none in force

	calls, failures, micros atomic.Int64

	// Guarded by the set's mutex.
	loading  bool
	tried    string // the version that was loaded last, or was to be
	err      error  // why tried isn't in force
	clashed  int    // the set's swaps when it was tried
	unloaded bool
}

var (
	errUnloaded = core.Errorf(core.CodePluginFailed, "The plugin was unloaded.")
	errVerbGone = core.Errorf(core.CodeUnknownCommand, "Invalid command.")
)

// replace puts g in the place of the generation in force, which ends with its
// last call.
func (p *plugin) replace(g *generation) {
	if old := p.current.Swap(g); old != nil {
		old.retire()
	}
}

// enter returns a generation to run a call in, which has to leave it: g, or
// the one in force if g has been replaced.
func (p *plugin) enter(g *generation) *generation {
	for g != nil && !g.enter() {
		g = p.current.Load()
	}
	return g
}

// run runs a call of what is in g, or in its successor.
func (p *plugin) run(g *generation, call *core.Call, kind, name string, extra ...string) error {
	g = p.enter(g)
	if g == nil {
		return errUnloaded
	}
	defer g.leave()
	if !g.has(kind, name) {
		return errVerbGone
	}
	start := time.Now()
	err := g.run(call, kind, name, extra)
	p.calls.Add(1)
	p.micros.Add(time.Since(start).Microseconds())
	if code := failure(err); code == core.CodePluginFailed || code == core.CodePluginTimeout {
		p.failures.Add(1)
	}
	return err
}

func (p *plugin) status() Status {
	st := Status{
		Name: p.name, State: "failed", Version: p.tried, Verbs: []string{},
		Calls: p.calls.Load(), Failures: p.failures.Load(),
		Busy: time.Duration(p.micros.Load()) * time.Microsecond,
	}
	if st.Calls > 0 {
		st.MeanUS = p.micros.Load() / st.Calls
	}
	g := p.current.Load()
	switch {
	case g != nil:
		st.State, st.Version, st.Verbs = "restarting", g.version, g.verbs()
		if w := g.worker(); w != nil {
			st.State, st.PID = "running", w.pid()
		}
	case p.unloaded:
		st.State = "unloaded"
	case p.loading:
		st.State = "loading"
	}
	if p.err != nil {
		st.Error = p.err.Error()
	}
	return st
}
