package server

import (
	"fmt"

	"mts/core"
)

// A pluginTable is what the plugins offer at one moment. It doesn't change.
type pluginTable struct {
	verbs map[string]pluginCommand
	hooks []pluginHooks // in the order of the plugins
	done  bool          // one of them is a Done hook
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
