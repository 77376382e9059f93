package server

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"mts/core"
	"mts/core/exports"
	"mts/core/wire"
)

// A pluginTable is what the plugins of one moment offer. It doesn't change.
type pluginTable struct {
	verbs map[string]pluginCommand
	hooks []pluginHooks // in the order of the plugins
}

type pluginHooks struct {
	core.Hooks
	plugin string
}

type pluginCommand struct {
	core.Command
	plugin string
}

// SetPlugins replaces the plugins there are, for commands that begin from now
// on. If two of them claim one verb, or one claims a built-in verb, the error
// names both and nothing changes.
func (s *Server) SetPlugins(plugins []core.Plugin) error {
	table := &pluginTable{verbs: make(map[string]pluginCommand)}
	for _, p := range plugins {
		table.hooks = append(table.hooks, pluginHooks{p.Hooks, p.Name})
		for _, cmd := range p.Commands {
			if _, taken := s.verbs[cmd.Verb]; taken {
				return fmt.Errorf("plugin %s claims %s, which is built in", p.Name, cmd.Verb)
			}
			if other, taken := table.verbs[cmd.Verb]; taken {
				return fmt.Errorf("plugin %s claims %s, which plugin %s has", p.Name, cmd.Verb, other.plugin)
			}
			table.verbs[cmd.Verb] = pluginCommand{cmd, p.Name}
		}
	}
	s.plugins.Store(table)
	return nil
}

// runHooks calls the hook of that name of every plugin until one vetoes. The
// client is told why in the hook's own words.
func (h *host) runHooks(name, arg string, hook func(core.Hooks) func(*core.Call) error) error {
	for _, hooks := range h.server.plugins.Load().hooks {
		run := hook(hooks.Hooks)
		if run == nil {
			continue
		}
		if err := run(core.NewCall(h.ctx, hookHost{h, hooks.plugin}, arg)); err != nil {
			h.refuse("plugin", "plugin", hooks.plugin, "hook", name, "user", wire.Printable(h.user), "err", err)
			var told *core.Error
			if !errors.As(err, &told) {
				told = core.Errorf(core.CodeAborted, "%s", err)
			}
			return told
		}
	}
	return nil
}

// done tells all plugins that a transfer has ended.
func (h *host) done(err error) {
	for _, hooks := range h.server.plugins.Load().hooks {
		if hooks.Done != nil {
			hooks.Done(core.NewCall(h.ctx, hookHost{h, hooks.plugin}, h.path), h.bytes, err)
		}
	}
}

// A hookHost is the host of a hook's call: a hook has no reply to write to, and
// what it opens isn't asked about again.
type hookHost struct {
	*host
	plugin string
}

// Logf writes a line to the log, in the plugin's name.
func (h hookHost) Logf(text string) { h.note(h.plugin, text) }

func (h hookHost) Open(path string) (fs.File, error) { return h.open(path) }

var errHook = errors.New("a hook can't send data")

func (hookHost) Write([]byte) (int, error)     { return 0, errHook }
func (hookHost) Send(io.Reader) (int64, error) { return 0, errHook }
func (hookHost) Reply(string)                  {}
func (hookHost) Fact(string, string)           {}

// beforeOpen asks the plugins about a file that a built-in verb is to open.
func (h *host) beforeOpen(name string) error {
	path, err := exports.Clean(name)
	if err != nil {
		return err
	}
	h.path = path
	if h.plugin != "" {
		return nil
	}
	return h.runHooks("open", path, func(k core.Hooks) func(*core.Call) error { return k.Open })
}
