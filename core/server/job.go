package server

import (
	"context"
	"time"

	"mts/core"
)

// errAborted is what the client sees of an abort.
var errAborted = core.Errorf(core.CodeAborted, "Aborted.")

// A job is the command under way, as other goroutines may see it. handle.mu
// guards it.
type job struct {
	verb, plugin, path string
	size               int64
	start              time.Time // of the transfer
}

// startJob publishes the command under way and returns its context.
func (h *handle) startJob(cmd pluginCommand) context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cancelCall == nil {
		h.callCtx, h.cancelCall = context.WithCancelCause(h.ctx)
	}
	h.job = job{verb: cmd.Verb, plugin: cmd.plugin}
	h.setState(stateRunning)
	h.updateWorking(true)
	return h.callCtx
}

// startTransfer publishes that the command under way sends a file.
func (h *handle) startTransfer(path string, start time.Time) {
	h.sent.Store(0)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.job.path, h.job.size, h.job.start = path, 0, start
	h.setState(stateSending)
}

// setSize publishes the size of the file that is sent.
func (h *handle) setSize(n int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.job.size = n
}

// endJob publishes that the command has ended, and the state after it. It
// reports whether the command was aborted.
func (h *handle) endJob(next state) (aborted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if aborted = h.aborting.Swap(false); aborted {
		h.cancelCall = nil // its context has ended: the next command needs another
	}
	h.job = job{}
	h.setState(next)
	h.updateWorking(false)
	return aborted
}

// abort ends the command under way, and cuts the connection if the command
// still runs after closeTime.
func (h *handle) abort() error {
	h.mu.Lock()
	if h.job.verb == "" {
		h.mu.Unlock()
		return ErrIdle
	}
	h.aborting.Store(true)
	ctx, cancel := h.callCtx, h.cancelCall
	h.mu.Unlock()
	cancel(errAborted)
	time.AfterFunc(closeTime, func() {
		if h.runsIn(ctx) {
			h.conn.Abort()
		}
	})
	return nil
}

// runsIn reports whether the command whose context is ctx is under way.
func (h *handle) runsIn(ctx context.Context) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.job.verb != "" && h.callCtx == ctx
}
