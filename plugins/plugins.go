// Package plugins runs the scripts that add verbs and hooks to a server.
//
// Each folder of a directory is one plugin. It is checked and loaded in worker
// processes, one for each instance, and put in force. When its files change, the
// new version is loaded while the old one goes on until its last call has ended. A version
// that can't be loaded replaces nothing. Whatever a script does, it costs no more
// than its own calls.
//
// # Workers
//
// Each instance of a plugin is a process that runs one call at a time; package
// worker says why, and how it is confined. One instance is kept. More are started
// while calls wait, up to Config.Instances, and end after a minute without a call.
// Each has variables of its own; what has to be shared is what a plugin saves.
// Verbs leave one instance for the hooks of their plugin, if it may have several.
//
// This package never looks into a script: what a few lines of source can make a
// parser or a type checker do is bounded only in a worker. It reads the bytes of
// a folder, up to a limit, and frames from the workers, of bounded size. A frame
// that it doesn't expect ends the worker. Frames that need no answer are counted,
// and every request costs the script a little of its time, so that a worker
// that floods the server is soon out of time.
//
// # Time
//
// A call's timeout bounds the time that the script computes. The clock stands
// while the server does something for the script that may take long, such as
// writing to a client that reads slowly, whose pace the server bounds. A script
// that is out of time is stopped in its worker, which then loads the plugin anew;
// if that doesn't help, the worker is killed. A worker that dies costs the call
// it runs, and is replaced, later each time if it dies again soon.
//
// # Hooks
//
// A hook that fails, whose worker dies or that is out of time vetoes: Connect,
// Login and Open fail closed, because a guard that can't answer hasn't agreed.
// Done has no say. A plugin whose settings say "required = true" can't be taken
// out of force, and Wait fails without it.
//
// # Verbs
//
// A verb belongs to the plugin that had it last, also after a restart. Another
// plugin that claims it is refused, until the owner's version in force doesn't
// have the verb any more or the owner's folder is gone. Of several plugins that
// claim a new verb at once, the first by name gets it.
//
// # Locks
//
// No lock is held over a load, nor over anything else that takes long: Status and
// Close answer at once whatever a plugin does. Loads of several plugins run
// in parallel, those of one plugin one after the other.
package plugins

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"mts/core"
)

// Config is what plugins need. Command, Update and Log have to be there.
type Config struct {
	Dir       string                    // one folder a plugin
	Store     string                    // folder of what plugins save; made if there is none
	Timeout   time.Duration             // of what a call computes; 0: 2 s
	Memory    int64                     // bytes that a worker may hold; 0: no limit
	Instances int                       // processes of one plugin, each with variables of its own; 0: one per processor, at least 4
	ReadOnly  bool                      // nothing is written to Store, to look at plugins while a server uses them
	Settings  map[string]map[string]any // by plugin, handed to its Configure, but for "required"

	// Command returns the command that starts a worker: a program that calls
	// worker.Main.
	Command func() *exec.Cmd

	// Update puts a set of plugins in force, or changes nothing. It is called
	// by one goroutine at a time, has to return at once and must not call the
	// Set.
	Update func([]core.Plugin) error

	Log *slog.Logger
}

// defaultTimeout is the timeout of a Config that has none.
const defaultTimeout = 2 * time.Second

// defaultInstances returns the bound of a Config that has none: as many
// processes as there are processors, and 4 at least.
func defaultInstances() int { return max(4, runtime.NumCPU()) }

const (
	drainTime   = 5 * time.Second // that Close waits for calls
	loadsAtOnce = 8
)

// A Set is the plugins of one directory. Its methods may be called by several
// goroutines at once.
type Set struct {
	cfg     Config
	workers launcher
	saver   saver
	warned  sync.Once
	closing context.Context // ends when Close begins
	close   context.CancelFunc
	loaded  chan struct{} // closed after the first load
	loads   chan struct{} // one for each load that runs
	running sync.WaitGroup

	mu       sync.Mutex // innermost; not held over a load, nor over I/O
	plugins  map[string]*plugin
	settings map[string]map[string]any
	owners   owners
	swaps    int    // how often the plugins in force have changed
	unread   string // why the directory can't be read, as logged
}

// Status describes one plugin.
type Status struct {
	Name     string   `json:"name"`
	State    string   `json:"state"` // loading, running, restarting, failed or unloaded
	Version  string   `json:"version"`
	Verbs    []string `json:"verbs"`
	Calls    int64    `json:"calls"`
	Failures int64    `json:"failures"` // timeouts and crashes; not what a plugin refuses
	MeanUS   int64    `json:"mean_us"`
	Memory   int64    `json:"memory"` // bytes its workers have in use; 0 where the system doesn't say
	PID      int      `json:"pid"`    // of the worker that is there longest
	Error    string   `json:"error"`  // why the newest version isn't in force

	Busy time.Duration `json:"-"` // what all calls took together
	pids []int
}

// Open begins to load the plugins and to watch for changes, and returns at
// once; Wait waits for the loads. A plugin that can't be loaded is logged and
// left out.
func Open(cfg Config) (*Set, error) {
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.Instances <= 0 {
		cfg.Instances = defaultInstances()
	}
	if !cfg.ReadOnly {
		if err := os.MkdirAll(cfg.Store, 0o700); err != nil {
			return nil, err
		}
	}
	s := &Set{
		cfg: cfg, settings: cfg.Settings, owners: readOwners(cfg.Store, cfg.Log),
		plugins: make(map[string]*plugin), loaded: make(chan struct{}), loads: make(chan struct{}, loadsAtOnce),
	}
	s.workers = launcher{command: cfg.Command, memory: cfg.Memory, running: &s.running}
	s.closing, s.close = context.WithCancel(context.Background())
	s.watch()
	jobs, _ := s.jobs() // what is wrong has been logged
	s.running.Go(func() {
		defer close(s.loaded)
		_ = s.run(jobs)
	})
	return s, nil
}

// Wait returns when all plugins that Open found have been loaded or refused.
// Its error names the plugins that aren't in force but have to be, because their
// settings say "required = true": a server must not serve without them. It is
// the context's cause if that ends before, and an error too if Close begins before.
func (s *Set) Wait(ctx context.Context) error {
	select {
	case <-s.loaded:
		return s.missing()
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.closing.Done():
		return errClosed
	}
}

// Close cancels loads and ends all plugins when their calls have ended, or
// after a few seconds. It doesn't call Update. Only Status may be called
// afterwards.
func (s *Set) Close() {
	s.mu.Lock()
	s.close() // from now on s.plugins doesn't change
	for _, p := range s.plugins {
		if g := p.current.Load(); g != nil {
			defer time.AfterFunc(drainTime, g.kill).Stop()
		}
		p.replace(nil)
	}
	s.mu.Unlock()
	s.running.Wait()
	for _, p := range s.plugins {
		p.store.close()
	}
}

// Owns reports whether a process is one of the plugins' workers. Whatever its
// user is, it has no business with the server's sockets.
func (s *Set) Owns(pid int) bool { return s.workers.owns(pid) }

// tellLacks logs, once, what the system didn't give to workers.
func (s *Set) tellLacks(lacks ...string) {
	lacks = slices.DeleteFunc(lacks, func(l string) bool { return l == "" })
	if len(lacks) > 0 {
		s.warned.Do(func() {
			s.cfg.Log.Warn("workers are less confined than they could be", "lacks", strings.Join(lacks, "; "))
		})
	}
}

// closed reports whether Close has begun. While mu is held, that doesn't
// change.
func (s *Set) closed() bool { return s.closing.Err() != nil }

// Status describes all plugins there are folders for, sorted by name.
func (s *Set) Status() []Status {
	s.mu.Lock()
	var all []Status
	for _, name := range slices.Sorted(maps.Keys(s.plugins)) {
		all = append(all, s.plugins[name].status())
	}
	s.mu.Unlock()
	for i := range all {
		for _, pid := range all[i].pids {
			all[i].Memory += memory(pid)
		}
	}
	return all
}
