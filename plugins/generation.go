package plugins

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"mts/core"
	"mts/plugins/internal/link"
)

// A generation is one version of a plugin with the instances that run it. It
// ends when it is retired and its last call has ended.
type generation struct {
	plugin   *plugin
	version  string
	spec     link.Spec
	commands []core.Command // without Run
	hooks    []string
	names    map[string]bool // of all that can be called, with its kind before it
	ended    chan struct{}   // closed then
	verbs    turns           // they leave one instance for hooks

	mu      sync.Mutex
	calls   int // that run or wait
	retired bool
	pool
}

// start starts the first instance of a version, and keeps one from then on.
func start(p *plugin, src source) (*generation, error) {
	g := &generation{
		plugin: p, version: src.version, ended: make(chan struct{}), names: make(map[string]bool),
		spec: link.Spec{Name: p.name, Sources: src.archive, Settings: src.settings},
	}
	i, ready, err := g.launch()
	if err != nil {
		return nil, err
	}
	if err := g.describe(ready); err != nil {
		return nil, i.abandon(err)
	}
	if n := p.set.cfg.Instances; n > 1 && len(g.hooks) > 0 {
		g.verbs = make(turns, n-1)
	}
	p.set.tellLacks(i.lacks, ready.Lacks)
	g.add(i)
	g.put(i)
	return g, nil
}

// launch starts an instance and loads the plugin in it.
func (g *generation) launch() (*instance, link.Ready, error) {
	p := g.plugin
	i, err := p.set.workers.launch(p.set.closing, g.spec, newLines(p.sayError))
	if err != nil {
		return nil, link.Ready{}, err
	}
	ready, err := i.waitLoaded(p.set.closing)
	if err != nil {
		return nil, ready, i.abandon(loadError(err, ready, p.name+"/", p.name))
	}
	return i, ready, nil
}

// loadError names the places in a plugin's files that are wrong by the
// plugin's folder.
func loadError(err error, ready link.Ready, folder, name string) error {
	if err == nil {
		return nil
	}
	if len(ready.Findings) == 0 {
		return errors.New(strings.ReplaceAll(err.Error(), link.Folder+name+"/", folder))
	}
	var all []error
	for _, finding := range ready.Findings {
		all = append(all, errors.New(folder+finding))
	}
	return errors.Join(all...)
}

// describe takes the plugin's commands and hooks.
func (g *generation) describe(ready link.Ready) error {
	g.hooks = ready.Hooks
	for _, name := range g.hooks {
		g.names[link.KindHook+name] = true
	}
	for _, c := range ready.Commands {
		if err := valid(c); err != nil {
			return err
		}
		if g.has(link.KindVerb, c.Verb) {
			return errors.New("the verb " + c.Verb + " is there twice")
		}
		g.names[link.KindVerb+c.Verb] = true
		g.commands = append(g.commands, c)
	}
	return nil
}

// offer returns what is put in force.
func (g *generation) offer() core.Plugin {
	run := g.plugin.run
	offer := core.Plugin{Name: g.plugin.name, Commands: slices.Clone(g.commands)}
	for n, c := range g.commands {
		offer.Commands[n].Run = func(call *core.Call) error { return run(g, call, link.KindVerb, c.Verb) }
	}
	offer.Hooks = link.Hooks(g.hooks, func(call *core.Call, name string, rest ...string) error {
		return run(g, call, link.KindHook, name, rest...)
	})
	return offer
}

func (g *generation) verbNames() []string {
	verbs := []string{}
	for _, c := range g.commands {
		verbs = append(verbs, c.Verb)
	}
	return verbs
}

func (g *generation) has(kind, name string) bool { return g.names[kind+name] }

// beginCall counts a call, unless the generation has been replaced.
func (g *generation) beginCall() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.retired {
		return false
	}
	g.calls++
	return true
}

func (g *generation) endCall() {
	g.mu.Lock()
	g.calls--
	g.endIfOver()
}

// retire has the generation end with its last call.
func (g *generation) retire() {
	g.mu.Lock()
	if g.retired {
		g.mu.Unlock()
		return
	}
	g.retired = true
	g.endIfOver()
}

// over reports whether no call can begin any more, and none runs. The caller holds mu.
func (g *generation) over() bool { return g.retired && g.calls == 0 }

// endIfOver ends the idle instances after the last call; others are ended when
// they are put back. The caller holds mu, which is given back.
func (g *generation) endIfOver() {
	var idle []*instance
	if g.over() {
		close(g.ended)
		idle, g.idle = g.idle, nil
	}
	g.mu.Unlock()
	g.end(idle)
}

// end calls Close in instances and ends them, in the background.
func (g *generation) end(idle []*instance) {
	for _, i := range idle {
		g.plugin.set.running.Go(i.retire)
	}
}

// kill ends the calls that run.
func (g *generation) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, i := range g.all {
		i.kill(errClosed)
	}
}

// processes returns the processes of the instances, the oldest first.
func (g *generation) processes() (pids []int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, i := range g.all {
		pids = append(pids, i.pid())
	}
	return pids
}

const (
	firstBackoff = 50 * time.Millisecond
	maxBackoff   = 2 * time.Second
	longLife     = 10 * time.Second // of a worker that didn't fail at once
	awaitTime    = 3 * time.Second  // that a call waits for a worker
	idleTime     = time.Minute      // of an instance that isn't needed
)
