package server

import (
	"errors"
	"log/slog"
	"time"

	"mts/core"
	"mts/core/wire"
)

// count adds up what a command has done that has returned err.
func (s *session) count(c *call, verb string, took time.Duration, err error) {
	sent := s.out.Sent()
	s.handle.commands.Add(1)
	s.handle.bytesOut.Add(sent)
	s.server.counters.bytes.Add(max(0, sent-c.counted))
	if c.sends {
		s.server.counters.countTransfer(err)
	}
	if s.server.cfg.Observe != nil {
		s.server.cfg.Observe(verb, took)
	}
}

// logCommand logs a transfer, a failure of a plugin and, at level Debug, any
// other command.
func (s *session) logCommand(c *call, cmd pluginCommand, err error) {
	log := s.server.cfg.Log
	switch {
	case c.sends && log.Enabled(s.handle.ctx, slog.LevelInfo):
		s.log("transfer", "user", s.user, "verb", cmd.Verb, "path", wire.Printable(c.path), "bytes", c.bytes, "dur", time.Since(c.start), "err", err)
	case cmd.plugin != "" && pluginFailed(err):
		s.log("command", "user", s.user, "verb", cmd.Verb, "plugin", cmd.plugin, "err", err)
	case !c.sends && log.Enabled(s.handle.ctx, slog.LevelDebug):
		log.Debug("command", "session", s.handle.id, "user", s.user, "verb", cmd.Verb, "err", err)
	}
}

// pluginFailed reports whether a plugin has failed, rather than refused
// something.
func pluginFailed(err error) bool {
	var clientErr *core.Error
	return errors.As(err, &clientErr) && (clientErr.Code == core.CodePluginFailed || clientErr.Code == core.CodePluginTimeout)
}

// logInternalError logs what the client isn't told.
func (s *session) logInternalError(cmd pluginCommand, err error) {
	s.server.rarely.command.Do(func() {
		s.server.cfg.Log.Error("command", "session", s.handle.id, "user", s.user, "verb", cmd.Verb, "err", err)
	})
}
