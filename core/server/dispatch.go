package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"
	"time"

	"mts/core"
	"mts/core/wire"
)

var (
	errInvalid      = core.Errorf(core.CodeUnknownCommand, "Invalid command.")
	errAuthRequired = core.Errorf(core.CodeAuthRequired, "You are not logged in.")
	errInternal     = core.Errorf(core.CodeInternal, "Internal error.")
	errNotFound     = core.Errorf(core.CodeNotFound, "Not found.")
)

// dispatch answers one line. Its error ends the session.
func (s *session) dispatch(line string) error {
	verb, arg := wire.SplitLine(line)
	cmd, ok := s.lookup(verb)
	if !ok && !s.sawCommand && isForeign(line) {
		return errWrongProtocol
	}
	if !ok || wire.HasControl(line) {
		return s.fail(errInvalid)
	}
	s.sawCommand = true
	if !cmd.Open && s.user == "" {
		return s.fail(errAuthRequired)
	}
	if !argumentFits(cmd.Args, arg, len(line) > len(verb)) {
		return s.fail(usageError(cmd))
	}
	return s.runCommand(cmd, arg)
}

// lookup returns the command of a verb, if the account may use it.
func (s *session) lookup(verb string) (pluginCommand, bool) {
	builtin, ok := s.server.verbs[verb]
	cmd := pluginCommand{Command: builtin}
	if !ok {
		cmd, ok = s.server.plugins.Load().verbs[verb]
	}
	if ok && s.verbs != nil && !cmd.Open && !s.verbs[verb] {
		return pluginCommand{}, false
	}
	return cmd, ok
}

// argumentFits reports whether there is an argument if Command.Args requires
// one, and none if it allows none.
func argumentFits(args, arg string, space bool) bool {
	switch {
	case args == "":
		return !space
	case strings.HasPrefix(args, "["):
		return true
	}
	return arg != ""
}

func usageError(cmd pluginCommand) *core.Error {
	return core.Errorf(core.CodeUsage, "Usage: %s", cmd.Usage())
}

// runCommand runs a command, counts and logs it, and writes its status line. All
// of that comes before the Done hooks.
func (s *session) runCommand(cmd pluginCommand, arg string) error {
	c := s.newCall(cmd.plugin)
	start := time.Now()
	c.ctx = s.handle.startJob(cmd)
	err := s.callCommand(cmd, core.NewCall(c.ctx, c.host(), arg))
	aborted := s.handle.endJob(s.waitingState())
	if aborted && (err != nil || c.sends) {
		err = errAborted // of a transfer even if all of it had been sent
	}
	s.count(c, cmd.Verb, time.Since(start), err)
	s.logCommand(c, cmd, err)
	end := s.reply(c, cmd, err)
	if aborted && end != nil {
		s.server.explainLater(&s.handle, errCutOff)
	}
	if table := s.server.plugins.Load(); c.sends && table.done {
		if end == nil {
			end = s.out.Flush()
		}
		s.startDoneHooks(table.hooks, c, err)
	}
	return end
}

// callCommand calls a command. A panic is an internal error of this call alone.
func (s *session) callCommand(cmd pluginCommand, call *core.Call) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.server.cfg.Log.Error("panic", "session", s.handle.id, "verb", cmd.Verb, "panic", p, "stack", string(debug.Stack()))
			s.fault = true
			err = errInternal
		}
	}()
	return cmd.Run(call)
}

// reply writes the status line of a command that has returned err. Its own
// error ends the session.
func (s *session) reply(c *call, cmd pluginCommand, err error) error {
	switch {
	case c.end != nil:
		return c.end
	case err == nil:
		return c.afterReply(s.out.Status(wire.Success, c.facts, c.text))
	case !s.out.Block() && s.out.Sent() > 0:
		return fmt.Errorf("%w: %w", wire.ErrTorn, err)
	case context.Cause(s.handle.ctx) != nil:
		return context.Cause(s.handle.ctx)
	}
	return c.afterReply(s.fail(s.clientError(cmd, err)))
}

// clientError turns the error of a command into what its client may see.
func (s *session) clientError(cmd pluginCommand, err error) *core.Error {
	var clientErr *core.Error
	switch {
	case errors.As(err, &clientErr):
		if clientErr.Err != nil {
			s.logInternalError(cmd, clientErr.Err)
		}
		return clientErr
	case errors.Is(err, core.ErrUsage):
		return usageError(cmd)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return errNotFound
	}
	s.logInternalError(cmd, err)
	return errInternal
}

// fail writes a failure line.
func (s *session) fail(e *core.Error) error {
	return s.out.Status(wire.Failure, []wire.Fact{{Name: "code", Value: string(e.Code)}}, e.Text)
}
