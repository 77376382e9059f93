package plugins

import (
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"mts/core"
)

// A plugin is what stays the same over all versions of one folder.
type plugin struct {
	name    string
	set     *Set
	turn    chan struct{} // held by the one goroutine that loads or removes it
	store   *store
	current atomic.Pointer[generation] // nil: none in force

	notes   *rate.Limiter // lines in the log, of its calls and its workers
	notices *rate.Limiter
	unsaid  atomic.Int64 // lines that were left out

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

// What a plugin may say a second, and at once.
const (
	notesRate, notesBurst     = 20, 100
	noticesRate, noticesBurst = 100, 200
)

// plugin returns the plugin of that name, and makes it if there is none. The
// caller holds mu.
func (s *Set) plugin(name string) *plugin {
	p := s.plugins[name]
	if p == nil {
		p = &plugin{
			name: name, set: s, turn: make(chan struct{}, 1), loading: true,
			store:   newStore(s.cfg.Store, name, s.cfg.Log),
			notes:   rate.NewLimiter(notesRate, notesBurst),
			notices: rate.NewLimiter(noticesRate, noticesBurst),
		}
		s.plugins[name] = p
	}
	return p
}

func (p *plugin) log() *slog.Logger { return p.set.cfg.Log.With("plugin", p.name) }

// mayNote reports whether the plugin may write a line to the log now.
func (p *plugin) mayNote() bool {
	if !p.notes.Allow() {
		p.unsaid.Add(1)
		return false
	}
	if n := p.unsaid.Swap(0); n > 0 {
		p.log().Warn("plugin", "event", "lines left out", "count", n)
	}
	return true
}

// sayError logs a line of a worker's standard error.
func (p *plugin) sayError(line string) {
	if p.mayNote() {
		p.log().Warn("plugin", "stderr", line)
	}
}

// replace puts g in the place of the generation in force, which ends with its
// last call.
func (p *plugin) replace(g *generation) {
	if old := p.current.Swap(g); old != nil {
		old.retire()
	}
}

// enter returns a generation to run a call in, to be ended with endCall: g, or
// the one in force if g has been replaced.
func (p *plugin) enter(g *generation) *generation {
	for g != nil && !g.beginCall() {
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
	defer g.endCall()
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
		st.State, st.Version, st.Verbs = "restarting", g.version, g.verbNames()
		if st.pids = g.processes(); len(st.pids) > 0 {
			st.State, st.PID = "running", st.pids[0]
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
