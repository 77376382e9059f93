package plugins

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"mts/core"
	"mts/plugins/internal/link"
)

// A generation is one version of a plugin with the worker that runs it. It
// ends when it is retired and its last call has left.
type generation struct {
	of       *plugin
	version  string
	spec     link.Spec
	commands []core.Command // without Run
	hooks    []string
	tokens   chan struct{} // one for each call that runs
	ended    chan struct{}

	mu      sync.Mutex
	live    *worker       // nil while there is none
	changed chan struct{} // closed when live changes
	calls   int
	retired bool
}

const (
	firstBackoff = 50 * time.Millisecond
	maxBackoff   = 2 * time.Second
	longLife     = 10 * time.Second // of a worker that didn't fail at once
	awaitTime    = 3 * time.Second  // that a call waits for a worker
	loadTime     = 5 * time.Second
)

// start starts a worker for a version, and supervises it from then on.
func start(p *plugin, src source) (*generation, error) {
	cfg := &p.set.cfg
	g := &generation{
		of: p, version: src.version,
		spec:    link.Spec{Name: p.name, Sources: src.archive, Settings: src.settings, Memory: cfg.Memory},
		tokens:  make(chan struct{}, cfg.Instances),
		ended:   make(chan struct{}),
		changed: make(chan struct{}),
	}
	w, about, err := g.spawn()
	if err != nil {
		return nil, err
	}
	if err := g.describe(w.lacks, about); err != nil {
		w.end()
		return nil, err
	}
	g.setWorker(w)
	p.set.running.Go(func() { g.supervise(w) })
	return g, nil
}

// spawn starts a worker with one instance, and returns what the plugin says
// about itself.
func (g *generation) spawn() (*worker, link.Texts, error) {
	w, err := startWorker(g)
	if err != nil {
		return nil, nil, err
	}
	defer context.AfterFunc(g.of.set.closing, func() { w.kill(ErrClosed) })()
	s, about, err := w.open(loadTime)
	if err != nil {
		w.end()
		return nil, nil, err
	}
	w.put(s)
	return w, about, nil
}

// describe takes the plugin's commands and hooks.
func (g *generation) describe(lacks string, t link.Texts) error {
	if more := t.Next(); lacks == "" {
		lacks = more
	} else if more != "" {
		lacks += "; " + more
	}
	if lacks != "" {
		g.of.set.warned.Do(func() { g.of.set.cfg.Log.Warn("workers are less confined than they could be", "lacks", lacks) })
	}
	for len(t) > 0 {
		if t.Next() == "hook" {
			g.hooks = append(g.hooks, t.Next())
			continue
		}
		c := core.Command{Verb: t.Next(), Args: t.Next(), Help: t.Next(), Open: t.Next() != ""}
		if err := valid(c, t.Next() != ""); err != nil {
			return err
		}
		if slices.Contains(g.verbs(), c.Verb) {
			return errors.New("the verb " + c.Verb + " is there twice")
		}
		g.commands = append(g.commands, c)
	}
	return nil
}

// plugin returns what is put in force.
func (g *generation) plugin() core.Plugin {
	p := core.Plugin{Name: g.of.name}
	for _, c := range g.commands {
		c.Run = func(call *core.Call) error { return g.of.run(g, call, "verb", c.Verb) }
		p.Commands = append(p.Commands, c)
	}
	for _, name := range g.hooks {
		hook := func(call *core.Call) error { return g.of.run(g, call, "hook", name) }
		switch name {
		case "Connect":
			p.Hooks.Connect = hook
		case "Login":
			p.Hooks.Login = hook
		case "Open":
			p.Hooks.Open = hook
		case "Done":
			p.Hooks.Done = func(call *core.Call, bytes int64, err error) {
				_ = g.of.run(g, call, "hook", name, append([]string{link.Int(bytes)}, link.ErrorTexts(err)...)...)
			}
		}
	}
	return p
}

func (g *generation) verbs() []string {
	verbs := []string{}
	for _, c := range g.commands {
		verbs = append(verbs, c.Verb)
	}
	return verbs
}

func (g *generation) has(kind, name string) bool {
	if kind == "hook" {
		return slices.Contains(g.hooks, name)
	}
	return slices.Contains(g.verbs(), name)
}

// enter counts a call in, unless the generation has been replaced.
func (g *generation) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.retired {
		return false
	}
	g.calls++
	return true
}

func (g *generation) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls--
	g.endIfIdle()
}

// retire has the generation end with its last call.
func (g *generation) retire() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.retired {
		g.retired = true
		g.endIfIdle()
	}
}

func (g *generation) endIfIdle() {
	if g.retired && g.calls == 0 {
		close(g.ended)
	}
}

func (g *generation) worker() *worker {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.live
}

// kill ends the calls that run.
func (g *generation) kill() {
	if w := g.worker(); w != nil {
		w.kill(ErrClosed)
	}
}

func (g *generation) setWorker(w *worker) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.live = w
	close(g.changed)
	g.changed = make(chan struct{})
}

var errNoWorker = errors.New("its worker is being restarted")

// slot returns an idle instance. If the worker turns out to be dead, it waits
// for the next.
func (g *generation) slot(ctx context.Context) (*slot, error) {
	for {
		w, err := g.await(ctx)
		if err != nil {
			return nil, err
		}
		s, err := w.take(loadTime)
		if err == nil || !w.session.IsClosed() {
			return s, err
		}
	}
}

// await returns the worker, and waits for one that is being restarted.
func (g *generation) await(ctx context.Context) (*worker, error) {
	var timeout <-chan time.Time
	for {
		g.mu.Lock()
		w, changed := g.live, g.changed
		g.mu.Unlock()
		if w != nil && !w.session.IsClosed() {
			return w, nil
		}
		if timeout == nil {
			timeout = time.After(awaitTime)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-timeout:
			return nil, errNoWorker
		}
	}
}

// supervise restarts the worker whenever it dies, later each time if it dies
// soon, until the generation ends.
func (g *generation) supervise(w *worker) {
	log := g.of.set.cfg.Log
	backoff := time.Duration(0)
	for {
		began := time.Now()
		select {
		case <-g.ended:
			g.setWorker(nil)
			w.retire()
			return
		case <-w.exited:
		}
		g.setWorker(nil)
		log.Error("plugin", "plugin", g.of.name, "event", "died", "err", w.reason())
		if time.Since(began) > longLife {
			backoff = 0
		}
		for w = nil; w == nil; {
			select {
			case <-g.ended:
				return
			case <-time.After(backoff):
			}
			backoff = min(max(2*backoff, firstBackoff), maxBackoff)
			var err error
			if w, _, err = g.spawn(); err != nil {
				log.Error("plugin", "plugin", g.of.name, "event", "restart", "err", err)
			}
		}
		g.setWorker(w)
	}
}
