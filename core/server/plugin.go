package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"mts/core"
	"mts/core/wire"
)

// A pluginTable is what the plugins offer at one moment. It doesn't change.
type pluginTable struct {
	verbs map[string]pluginCommand
	hooks []pluginHooks // in the order of the plugins
	done  bool          // there is a Done hook
}

type pluginHooks struct {
	core.Hooks
	plugin string
}

type pluginCommand struct {
	core.Command
	plugin string // "" for a built-in command
}

// SetPlugins replaces the plugins for the commands that begin from now on. If
// two plugins claim one verb, or one claims a built-in verb, the error names
// both and nothing changes.
func (srv *Server) SetPlugins(plugins []core.Plugin) error {
	table := &pluginTable{verbs: make(map[string]pluginCommand)}
	for _, p := range plugins {
		table.hooks = append(table.hooks, pluginHooks{p.Hooks, p.Name})
		table.done = table.done || p.Hooks.Done != nil
		for _, cmd := range p.Commands {
			if _, taken := srv.verbs[cmd.Verb]; taken {
				return fmt.Errorf("plugin %s claims %s, which is built in", p.Name, cmd.Verb)
			}
			if other, taken := table.verbs[cmd.Verb]; taken {
				return fmt.Errorf("plugin %s claims %s, which plugin %s has", p.Name, cmd.Verb, other.plugin)
			}
			table.verbs[cmd.Verb] = pluginCommand{cmd, p.Name}
		}
	}
	srv.plugins.Store(table)
	return nil
}

// The hooks that can veto, for runHooks.
func connectHook(h core.Hooks) func(*core.Call) error { return h.Connect }
func loginHook(h core.Hooks) func(*core.Call) error   { return h.Login }
func openHook(h core.Hooks) func(*core.Call) error    { return h.Open }

// runHooks calls one hook, called name in the log, of every plugin but one until
// one vetoes. The client sees the error of that hook.
func (s *session) runHooks(name, arg, except string, hook func(core.Hooks) func(*core.Call) error) error {
	for _, hooks := range s.server.plugins.Load().hooks {
		run := hook(hooks.Hooks)
		if run == nil || hooks.plugin == except {
			continue
		}
		if err := run(core.NewCall(s.handle.ctx, &hookHost{s.caller(hooks.plugin)}, arg)); err != nil {
			s.logRefusal("plugin", "plugin", hooks.plugin, "hook", name, "user", wire.Printable(s.user), "err", err)
			var clientErr *core.Error
			if !errors.As(err, &clientErr) {
				clientErr = core.Errorf(core.CodeAborted, "%s", err)
			}
			return clientErr
		}
	}
	return nil
}

// doneTime is how long the Done hooks of one transfer may take together.
const doneTime = 10 * time.Second

// startDoneHooks tells plugins that a transfer has ended with err. The hooks run
// in a goroutine of their own, so that the session can be kicked meanwhile. The
// next command waits for them.
func (s *session) startDoneHooks(all []pluginHooks, c *call, err error) {
	ctx, cancel := context.WithTimeout(s.server.ctx, doneTime)
	s.doneHooks = ctx.Done()
	host, path, bytes := &hookHost{s.caller("")}, c.path, c.bytes
	host.ctx = ctx
	go func() {
		defer cancel()
		for _, hooks := range all {
			if hooks.Done != nil {
				host.plugin = hooks.plugin
				hooks.Done(core.NewCall(ctx, host, path), bytes, err)
			}
		}
	}()
}

// waitForDoneHooks waits until the Done hooks of the last transfer have ended,
// or their time is over. It fails if the session has to end first.
func (s *session) waitForDoneHooks() error {
	if s.doneHooks == nil {
		return nil
	}
	select {
	case <-s.doneHooks:
		s.doneHooks = nil
		return nil
	case <-s.handle.ctx.Done():
		return context.Cause(s.handle.ctx)
	}
}

// A hookHost is the core.Host of a hook. A hook has no reply to write to, and
// no hook is asked about the files that it opens.
type hookHost struct{ caller }

func (h *hookHost) Open(path string) (fs.File, error) { return h.open(path) }

var errHook = errors.New("a hook can't send data")

func (*hookHost) Write([]byte) (int, error)     { return 0, errHook }
func (*hookHost) Send(io.Reader) (int64, error) { return 0, errHook }
func (*hookHost) Reply(string)                  {}
func (*hookHost) Fact(string, string)           {}
