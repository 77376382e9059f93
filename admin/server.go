package admin

import (
	"errors"
	"log/slog"
	"runtime"
	"runtime/metrics"
	"strings"
	"time"

	"mts/core"
	"mts/plugins"
)

func users(c *call) error {
	for _, name := range c.plane.cfg.Users() {
		a := c.plane.cfg.Limits.Account(name)
		if err := c.writeRow(User{name, orNull(a.LastLogin), a.Failures, a.Sessions}); err != nil {
			return err
		}
	}
	return nil
}

func runPlugins(c *call) error {
	set := c.plane.cfg.Plugins
	switch {
	case len(c.words) == 0 && set == nil:
		return nil
	case len(c.words) == 0:
		return writeRows(c, set.Status())
	case set == nil:
		return core.Errorf(core.CodeNotFound, "The server has no plugins.")
	}
	run, name := set.Load, c.words[1]
	if c.words[0] == "unload" {
		run = set.Unload
	}
	switch err := run(name); {
	case errors.Is(err, plugins.ErrNoPlugin):
		return core.Errorf(core.CodeNotFound, "There is no plugin %s.", name)
	case err != nil:
		return err
	}
	return c.change(1)
}

func stats(c *call) error {
	s := c.plane.cfg.Server.Stats()
	memory := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(memory)
	row := Stats{
		UptimeS:       int64(time.Since(c.plane.started).Seconds()),
		Sessions:      int64(s.Sessions),
		SessionsTotal: s.SessionsTotal,
		Transfers:     s.Transfers,
		BytesOut:      s.BytesOut,
		Refusals:      s.Refusals,
		Handshakes:    make(map[string]int64),
		Goroutines:    runtime.NumGoroutine(),
		Memory:        memory[0].Value.Uint64() - memory[1].Value.Uint64(),
	}
	for h, n := range s.Handshakes {
		row.Handshakes[h.Version+" "+h.Group] += n
	}
	return c.writeRow(row)
}

func reload(c *call) error {
	if err := c.plane.cfg.Reload(strings.Join(c.words, "")); err != nil {
		return err
	}
	return c.change(1)
}

func logLevel(c *call) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.words[1])); err != nil {
		return err
	}
	c.plane.cfg.Level.Set(level)
	return c.change(1)
}

func drain(c *call) error { return c.stop(StopDrained) }

func shutdown(c *call) error {
	if len(c.words) > 0 {
		return c.stop(StopNow)
	}
	return c.stop(StopSoon)
}

func (c *call) stop(how Stop) error {
	if err := c.plane.cfg.Stop(how); err != nil {
		return err
	}
	return c.change(1)
}
