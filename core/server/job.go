package server

import (
	"context"
	"time"

	"mts/core"
)

// errAborted is what the client sees of an abort.
var errAborted = core.Errorf(core.CodeAborted, "Aborted.")

// A job is what a session is doing, as far as others may see it. session.mu
// guards it.
type job struct {
	verb, plugin, path string
	size               int64
	start              time.Time
}

// startJob tells the others which command is under way, and returns its
// context.
func (c *session) startJob(cmd pluginCommand) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop == nil {
		c.command, c.stop = context.WithCancelCause(c.ctx)
	}
	c.job = job{verb: cmd.Verb, plugin: cmd.plugin}
	c.setState(stateRunning)
	return c.command
}

// sendJob tells the others that the command sends data.
func (c *session) sendJob(path string, start time.Time) {
	c.sent.Store(0)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.job.path, c.job.size, c.job.start = path, 0, start
	c.setState(stateSending)
}

// endJob tells the others that the command is over. It reports whether it was
// aborted.
func (c *session) endJob() (aborted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if aborted = c.aborting.Swap(false); aborted {
		c.stop = nil
	}
	c.job = job{}
	c.setState(c.restState())
	return aborted
}

// abort ends the command under way. If its reply isn't complete after a moment,
// the connection is cut. Any goroutine may call it.
func (c *session) abort() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.job.verb == "" {
		return ErrIdle
	}
	c.aborting.Store(true)
	c.stop(errAborted)
	n := c.commands.Load()
	time.AfterFunc(farewell, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.job.verb != "" && c.commands.Load() == n {
			c.conn.Abort()
		}
	})
	return nil
}
