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
	"mts/core/limit"
	"mts/core/wire"
)

var (
	errInvalid      = core.Errorf(core.CodeUnknownCommand, "Invalid command.")
	errAuthRequired = core.Errorf(core.CodeAuthRequired, "You are not logged in.")
	errInternal     = core.Errorf(core.CodeInternal, "Internal error.")
	errNotFound     = core.Errorf(core.CodeNotFound, "Not found.")
	errChanged      = core.Errorf(core.CodeChanged, "The file changed while it was sent.")
)

// dispatch answers one line. Its error ends the session.
func (c *session) dispatch(line string) error {
	c.settle()
	verb, arg := wire.SplitLine(line)
	cmd, ok := c.lookup(verb)
	if !ok && !c.known && isHTTP(line) {
		return errAlien
	}
	if !ok || wire.HasControl(line) {
		return c.fail(errInvalid)
	}
	c.known = true
	if !cmd.Open && c.user == "" {
		return c.fail(errAuthRequired)
	}
	if !fits(cmd.Args, arg, len(line) > len(verb)) {
		return c.fail(usage(cmd.Command))
	}
	return c.answer(cmd, arg)
}

// begin makes a fresh host for a call of a plugin, or of a built-in verb if
// that is "".
func (c *session) begin(plugin string) *host {
	c.call = host{session: c, plugin: plugin, text: "OK.", facts: c.call.facts[:0]}
	return &c.call
}

// lookup returns the command of a verb, if the account may use it.
func (c *session) lookup(verb string) (pluginCommand, bool) {
	builtin, ok := c.server.verbs[verb]
	cmd := pluginCommand{Command: builtin}
	if !ok {
		cmd, ok = c.server.plugins.Load().verbs[verb]
	}
	if ok && c.verbs != nil && !cmd.Open && !c.verbs[verb] {
		return pluginCommand{}, false
	}
	return cmd, ok
}

// fits reports whether there is an argument when there has to be one, and none
// when there can't be.
func fits(args, arg string, space bool) bool {
	switch {
	case args == "":
		return !space
	case strings.HasPrefix(args, "["):
		return true
	}
	return arg != ""
}

func usage(cmd core.Command) *core.Error {
	return core.Errorf(core.CodeUsage, "Usage: %s", cmd.Usage())
}

// answer runs a command and writes its status line.
func (c *session) answer(cmd pluginCommand, arg string) error {
	h := c.begin(cmd.plugin)
	start := time.Now()
	err := c.run(cmd.Command, core.NewCall(c.startJob(cmd), h, arg))
	if aborted := c.endJob(); aborted && (err != nil || h.sends) { // a transfer may just have ended
		err = errAborted
	}
	c.count(cmd.Verb, time.Since(start), h)
	h.report(cmd.Command, arg, err)
	switch {
	case h.end != nil:
		return h.end
	case err == nil:
		return h.finish(c.out.Status(wire.Success, h.facts, h.text))
	case !c.out.Block() && c.out.Sent() > 0:
		return fmt.Errorf("%w: %w", wire.ErrTorn, err)
	case context.Cause(c.ctx) != nil:
		return context.Cause(c.ctx)
	}
	return h.finish(c.fail(c.failure(cmd.Command, err)))
}

// count adds up what a command has done.
func (c *session) count(verb string, took time.Duration, h *host) {
	sent := c.out.Sent()
	c.commands.Add(1)
	c.bytesOut.Add(sent)
	c.server.counters.bytes.Add(max(0, sent-h.paced))
	if c.server.cfg.Observe != nil {
		c.server.cfg.Observe(verb, took)
	}
}

// run calls the command. A panic is an internal error of this call alone.
func (c *session) run(cmd core.Command, call *core.Call) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.server.cfg.Log.Error("panic", "session", c.id, "verb", cmd.Verb, "panic", p, "stack", string(debug.Stack()))
			c.charge(limit.Crash)
			err = errInternal
		}
	}()
	return cmd.Run(call)
}

// failure turns the error of a command into what its client may see.
func (c *session) failure(cmd core.Command, err error) *core.Error {
	var told *core.Error
	switch {
	case errors.As(err, &told):
		if told.Err != nil {
			c.logInternal(cmd, told.Err)
		}
		return told
	case errors.Is(err, core.ErrUsage):
		return usage(cmd)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return errNotFound
	}
	c.logInternal(cmd, err)
	return errInternal
}

func (c *session) logInternal(cmd core.Command, err error) {
	c.server.rarelyCommand.Do(func() {
		c.server.cfg.Log.Error("command", "session", c.id, "user", c.user, "verb", cmd.Verb, "err", err)
	})
}

// fail writes a failure line.
func (c *session) fail(e *core.Error) error {
	return c.out.Status(wire.Failure, []wire.Fact{{Name: "code", Value: string(e.Code)}}, e.Text)
}

// restState is what the session is in between two commands.
func (c *session) restState() state {
	if c.user == "" {
		return stateLogin
	}
	return stateIdle
}
