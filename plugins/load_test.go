package plugins

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// hangs is a plugin that never ends to load.
const hangs = `
import "mts/core"
var _ = func() int { for {} }()
func Commands() []core.Command { return nil }`

// Plugins that hang while they are loaded hold up nobody but who waits for
// them: neither Status nor Close nor the loads of others.
func TestHangingLoads(t *testing.T) {
	b := openBench(t, Config{}, map[string]string{"a": numbered("A", 1), "b": hangs, "c": hangs, "d": hangs})
	for _, name := range []string{"b", "c", "d"} {
		if st := b.status(name); st.State != "loading" {
			t.Errorf("%s is %s, want loading: %s", name, st.State, st.Error)
		}
	}
	b.eventually("the load of another", func() bool { return b.status("a").State == "running" })
	reloads := make(chan error)
	go func() { reloads <- b.Reload() }()
	b.Close()
	if err := <-reloads; !errors.Is(err, errClosed) {
		t.Errorf("the reload ended with %v, want %v", err, errClosed)
	}
	if log := b.log.String(); strings.Contains(log, "takes longer") {
		t.Error("Close waited until the loads were out of time")
	}
}

// One who waits may give up.
func TestWaitEnds(t *testing.T) {
	b := openBench(t, Config{}, map[string]string{"a": hangs})
	ctx, cancel := context.WithCancelCause(t.Context())
	gaveUp := errors.New("gave up")
	cancel(gaveUp)
	if err := b.Wait(ctx); !errors.Is(err, gaveUp) {
		t.Errorf("%v, want the context's cause", err)
	}
}
