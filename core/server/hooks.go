package server

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"mts/core"
	"mts/core/wire"
)

// The hooks that can veto, for runHooks.
func connectHook(h core.Hooks) func(*core.Call) error { return h.Connect }
func loginHook(h core.Hooks) func(*core.Call) error   { return h.Login }
func openHook(h core.Hooks) func(*core.Call) error    { return h.Open }

// runHooks calls one hook, called name in the log, of every plugin until one
// vetoes. The client sees the error of that hook.
func (s *session) runHooks(name, arg string, hook func(core.Hooks) func(*core.Call) error) error {
	for _, hooks := range s.server.plugins.Load().hooks {
		run := hook(hooks.Hooks)
		if run == nil {
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

// doneTime bounds the Done hooks of one transfer, all plugins' together.
const doneTime = 10 * time.Second

// startDoneHooks tells all plugins that a transfer has ended with err, once its
// reply has left. If end is not nil there is no reply, and the session ends.
// The hooks run in a goroutine of their own, so that the session can be kicked
// meanwhile; the next command waits for them.
func (s *session) startDoneHooks(c *call, err, end error) error {
	table := s.server.plugins.Load()
	if !table.done {
		return end
	}
	if end == nil {
		end = s.out.Flush()
	}
	ctx, cancel := context.WithTimeout(s.server.ctx, doneTime)
	s.doneHooks = ctx
	host, path, bytes := s.caller(""), c.path, c.bytes
	go func() {
		defer cancel()
		for _, hooks := range table.hooks {
			if hooks.Done != nil {
				host := hookHost{host}
				host.plugin = hooks.plugin
				hooks.Done(core.NewCall(ctx, &host, path), bytes, err)
			}
		}
	}()
	return end
}

// waitForDoneHooks waits until the Done hooks of the last transfer have ended,
// or their time is over. It fails if the session has to end first.
func (s *session) waitForDoneHooks() error {
	if s.doneHooks == nil {
		return nil
	}
	select {
	case <-s.doneHooks.Done():
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
