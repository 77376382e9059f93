package plugins

import (
	"context"
	"testing"
	"time"

	"mts/core"
)

// Calls beside each other have processes of their own, up to the bound; those
// that aren't needed any more end, but for one.
func TestInstancesComeAndGo(t *testing.T) {
	const instances = 3
	b := newBench(t, Config{Timeout: time.Minute, Instances: instances}, map[string]string{"hazard": hazards})
	g := b.plugins["hazard"].current.Load()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	runs, done := make(chan struct{}), make(chan error)
	for range instances + 2 {
		go func() {
			done <- b.call(ctx, &client{stat: func() {
				select {
				case runs <- struct{}{}:
				case <-ctx.Done():
				}
			}}, "HANG", "")
		}()
	}
	for range instances {
		<-runs
	}
	if n := len(g.processes()); n != instances {
		t.Errorf("%d processes for %d calls, want %d", n, instances+2, instances)
	}
	cancel()
	for range instances + 2 {
		if err := <-done; err == nil {
			t.Error("a call ended well")
		}
	}
	b.eventually("all are idle", func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, i := range g.idle {
			i.since = time.Now().Add(-idleTime)
		}
		return len(g.idle) == instances
	})
	pid := b.status("hazard").PID
	g.reap()
	b.eventually("one is left", func() bool { return len(g.processes()) == 1 })
	b.must("OK", "")
	if st := b.status("hazard"); st.State != "running" || st.PID == 0 {
		t.Errorf("status is %+v, was pid %d", st, pid)
	}
}

// Verbs leave an instance for the hooks of their plugin, so that clients whose
// calls last long can't keep others from logging in.
func TestVerbsLeaveRoomForHooks(t *testing.T) {
	b := newBench(t, Config{Timeout: time.Minute, Instances: 2}, map[string]string{"guard": `
import "mts/core"
func Commands() []core.Command { return []core.Command{{Verb: "HANG", Run: func(c *core.Call) error {
	c.Stat("/here")
	<-c.Context().Done()
	return nil
}}} }
func Hooks() core.Hooks { return core.Hooks{Login: func(c *core.Call) error { return nil }} }`})
	ctx, cancel := context.WithCancel(t.Context())
	runs, done := make(chan struct{}, 2), make(chan error)
	for range 2 {
		go func() { done <- b.call(ctx, &client{stat: func() { runs <- struct{}{} }}, "HANG", "") }()
	}
	<-runs
	if err := b.hooks["guard"].Login(core.NewCall(t.Context(), new(client), "ann")); err != nil {
		t.Errorf("login: %v", describe(err))
	}
	cancel()
	<-done
	<-done
}
