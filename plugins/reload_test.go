package plugins

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"mts/core"
)

// numbered is a plugin whose verb tells its version.
func numbered(verb string, n int) string {
	return fmt.Sprintf(`
import "mts/core"
func Commands() []core.Command { return []core.Command{{Verb: %q, Run: func(c *core.Call) error { c.Printf("%d"); return nil }}} }`, verb, n)
}

func TestReload(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"a": numbered("A", 1)})
	if out := b.must("A", ""); out != "1" {
		t.Fatalf("A gave %q", out)
	}
	b.write("a", numbered("A", 2))
	if err := b.Reload(); err != nil || b.must("A", "") != "2" {
		t.Errorf("reload: %v, A gives %q", err, b.must("A", ""))
	}
	pid := b.status("a").PID
	if err := b.Reload(); err != nil || b.status("a").PID != pid {
		t.Errorf("reload of the same: %v, pid %d, want %d", err, b.status("a").PID, pid)
	}
	b.write("a", "func {")
	if err := b.Reload(); err == nil || !strings.Contains(err.Error(), "a/a.go:4:6") {
		t.Errorf("reload of a broken one: %v", err)
	}
	if st := b.status("a"); b.must("A", "") != "2" || st.PID != pid || st.State != "running" || st.Error == "" {
		t.Errorf("the broken one replaced the good one: %+v", st)
	}
	if err := os.RemoveAll(filepath.Join(b.dir, "a")); err != nil {
		t.Fatal(err)
	}
	if err := b.Reload(); err != nil || len(b.Status()) != 0 || len(b.verbs) != 0 {
		t.Errorf("reload without it: %v, %v", err, b.Status())
	}
}

// What changes is seen without being told.
func TestWatch(t *testing.T) {
	b := newBench(t, Config{}, nil)
	gives := func(want string) func() bool {
		return func() bool {
			h := new(client)
			return b.call(t.Context(), h, "A", "") == nil && h.out.String() == want
		}
	}
	b.write("a", numbered("A", 1))
	b.eventually("a new plugin", gives("1"))
	b.write("a", numbered("A", 2))
	b.eventually("a new version", gives("2"))
	if err := os.RemoveAll(filepath.Join(b.dir, "a")); err != nil {
		t.Fatal(err)
	}
	b.eventually("its removal", func() bool { return len(b.Status()) == 0 })
}

// The error of a clash names both, nothing else changes, and a verb may move
// from one plugin to another.
func TestClash(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"a": numbered("A", 1), "b": numbered("A", 2), "c": numbered("C", 3)})
	if err := b.Reload(); err != nil {
		t.Errorf("what was refused is tried again without need: %v", err)
	}
	if st := b.status("b"); st.State != "failed" || !strings.Contains(st.Error, "plugin b claims A, which plugin a has") {
		t.Errorf("b: %+v", st)
	}
	if b.must("A", "") != "1" || b.must("C", "") != "3" {
		t.Error("a clash hurt others")
	}
	b.write("a", numbered("C", 4))
	b.write("c", numbered("A", 5))
	if err := b.Reload(); err == nil {
		t.Error("a swap of verbs needs a moment without them; want an error")
	}
	b.write("c", numbered("D", 6))
	if err := b.Reload(); err != nil || b.must("C", "") != "4" || b.must("D", "") != "6" {
		t.Errorf("the verb didn't move: %v, %v", err, b.Status())
	}
}

// A verb stays with the plugin that had it, also over a restart and while that
// plugin can't be loaded.
func TestVerbStays(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"old": numbered("A", 1)})
	b.write("new", numbered("A", 2)) // whose name comes first
	const want = "plugin new claims A, which plugin old has"
	if err := b.Reload(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a newcomer: %v, want %q", err, want)
	}
	b.write("old", "func {")
	b.reopen()
	if st := b.status("new"); st.State != "failed" || !strings.Contains(st.Error, want) {
		t.Errorf("after a restart: %+v, want %q", st, want)
	}
	b.write("old", numbered("B", 1))
	if err := b.Reload(); err != nil || b.must("A", "") != "2" {
		t.Errorf("when its owner has given it up: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(b.dir, "new")); err != nil {
		t.Fatal(err)
	}
	b.reopen()
	b.write("other", numbered("A", 3))
	if err := b.Reload(); err != nil || b.must("A", "") != "3" {
		t.Errorf("when its owner is gone: %v", err)
	}
}

// A server doesn't start without a plugin that it requires, and nothing takes
// that one out of force.
func TestRequired(t *testing.T) {
	settings := map[string]map[string]any{"guard": {"required": true, "n": int64(1)}, "none": {}}
	b := openBench(t, Config{Settings: settings}, map[string]string{"guard": "func {"})
	if err := b.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "plugin guard is required: guard/guard.go:4:6") {
		t.Errorf("a broken one: %v", err)
	}
	b.write("guard", numbered("A", 1)+`
func Configure(settings map[string]any) error { println("settings", len(settings)); return nil }`)
	if err := b.Reload(); err != nil {
		t.Errorf("a good one: %v", err)
	}
	b.eventually("its settings without that key", func() bool { return strings.Contains(b.log.String(), "settings 1") })
	if err := b.Unload("guard"); err == nil {
		t.Error("it was unloaded")
	}
	if err := os.RemoveAll(filepath.Join(b.dir, "guard")); err != nil {
		t.Fatal(err)
	}
	if err := b.Reload(); err == nil || b.must("A", "") != "1" {
		t.Errorf("without its folder: %v", err)
	}
	b.Configure(map[string]map[string]any{"guard": {"required": "yes"}})
	if err := b.Reload(); err == nil {
		t.Error("a word was taken for true or false")
	}
}

func TestLoadAndUnload(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"a": numbered("A", 1)})
	run := b.verbs["A"].Run
	if err := b.Unload("a"); err != nil || b.status("a").State != "unloaded" || len(b.verbs) != 0 {
		t.Errorf("unload: %v, %+v", err, b.status("a"))
	}
	if err := run(core.NewCall(t.Context(), new(client), "")); failure(err) != core.CodePluginFailed {
		t.Errorf("a call that began before: %v", err)
	}
	if err := b.Reload(); err != nil || b.status("a").State != "unloaded" {
		t.Errorf("reload brought it back: %v", err)
	}
	if err := b.Load("a"); err != nil || b.must("A", "") != "1" {
		t.Errorf("load: %v", err)
	}
	for _, err := range []error{b.Load("none"), b.Unload("none")} {
		if !errors.Is(err, ErrNoPlugin) {
			t.Errorf("%v, want %v", err, ErrNoPlugin)
		}
	}
}

func TestReloadUnderCalls(t *testing.T) { reloadUnderCalls(t, 50) }

func BenchmarkReloadUnderCalls(b *testing.B) { reloadUnderCalls(b, b.N) }

// No call is lost while versions are swapped, and nothing is left behind.
func reloadUnderCalls(t testing.TB, reloads int) {
	b := newBench(t, Config{}, map[string]string{"a": numbered("A", 0)})
	var stop atomic.Bool
	var calls atomic.Int64
	var callers sync.WaitGroup
	goroutines, files := runtime.NumGoroutine(), descriptors()
	for range 4 {
		callers.Go(func() {
			for !stop.Load() {
				if err := b.call(t.Context(), new(client), "A", ""); err != nil {
					t.Errorf("a call failed: %v", describe(err))
					return
				}
				calls.Add(1)
			}
		})
	}
	for n := range reloads {
		b.write("a", numbered("A", n+1))
		if err := b.Reload(); err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	callers.Wait()
	if out := b.must("A", ""); out != fmt.Sprint(reloads) {
		t.Errorf("A gives %q", out)
	}
	if err := b.Load("a"); err != nil { // one instance again, as before the calls
		t.Error(err)
	}
	b.eventually("old versions end", func() bool {
		return runtime.NumGoroutine() <= goroutines && descriptors() <= files
	})
	t.Logf("%d reloads, %d calls", reloads, calls.Load())
}

// descriptors returns how many are open, where the system says.
func descriptors() int {
	open, _ := os.ReadDir("/proc/self/fd")
	return len(open)
}

func TestSettingsAndClose(t *testing.T) {
	src := `
import ("fmt"; "mts/core")
var limit int64
var where []any
func Configure(settings map[string]any) error {
	n, ok := settings["limit"].(int64)
	if !ok { return fmt.Errorf("limit is %T", settings["limit"]) }
	limit = n
	return nil
}
func Close() { println("closed", limit) }
func Commands() []core.Command { return []core.Command{{Verb: "LIMIT", Run: func(c *core.Call) error { c.Printf("%d", limit); return nil }}} }`
	b := newBench(t, Config{Settings: map[string]map[string]any{"s": {"limit": int64(7), "where": []any{"a"}}}}, map[string]string{"s": src})
	if out := b.must("LIMIT", ""); out != "7" {
		t.Errorf("LIMIT gives %q", out)
	}
	b.Configure(map[string]map[string]any{"s": {"limit": "many"}})
	if err := b.Reload(); err == nil || !strings.Contains(err.Error(), "limit is string") || b.must("LIMIT", "") != "7" {
		t.Errorf("bad settings: %v", err)
	}
	b.Configure(map[string]map[string]any{"s": {"limit": int64(8)}})
	if err := b.Reload(); err != nil || b.must("LIMIT", "") != "8" {
		t.Errorf("new settings: %v", err)
	}
	b.eventually("Close of the old one", func() bool { return strings.Contains(b.log.String(), "closed 7") })
	b.Close()
	if !strings.Contains(b.log.String(), "closed 8") {
		t.Error("Close wasn't called at the end")
	}
	if err := b.Reload(); !errors.Is(err, errClosed) {
		t.Errorf("reload after the end: %v", err)
	}
}

func TestHooks(t *testing.T) {
	b := newBench(t, Config{Timeout: 200_000_000}, map[string]string{"h": `
import "mts/core"
func Hooks() core.Hooks { return core.Hooks{
	Open: func(c *core.Call) error { if c.Arg() == "/secret" { return core.Errorf(core.CodeNotFound, "no") }; return nil },
	Login: func(c *core.Call) error { for {} },
	Done: func(c *core.Call, bytes int64, err error) { c.Logf("%s %d %v", c.Arg(), bytes, err) },
} }`})
	h := b.hooks["h"]
	if h.Connect != nil {
		t.Error("there is a Connect that the plugin doesn't have")
	}
	call := func(arg string) *core.Call { return core.NewCall(t.Context(), new(client), arg) }
	if err := h.Open(call("/open")); err != nil {
		t.Errorf("open: %v", err)
	}
	if err := h.Open(call("/secret")); failure(err) != core.CodeNotFound {
		t.Errorf("open of a secret: %v", err)
	}
	if err := h.Login(call("")); failure(err) != core.CodePluginTimeout {
		t.Errorf("a hook that hangs: %v, want a veto", err)
	}
	c := new(client)
	h.Done(core.NewCall(t.Context(), c, "/a"), 12, errors.New("torn"))
	if len(c.notes) != 1 || c.notes[0] != "/a 12 torn" {
		t.Errorf("done noted %q", c.notes)
	}
}

func TestStoreOutlivesRestarts(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"tool": tool})
	b.must("KEEP", "this")
	if err := b.Load("tool"); err != nil || b.must("KEPT", "") != "this true" {
		t.Errorf("after a reload: %v", err)
	}
	b.Close()
	s := newStore(b.cfg.Store, "tool", b.cfg.Log)
	if v, ok := s.load("text"); v != "this" || !ok {
		t.Errorf("after the end: %q, %v", v, ok)
	}
}

func TestStoreIsBounded(t *testing.T) {
	b := newBench(t, Config{}, nil)
	s := newStore(t.TempDir(), "x", b.cfg.Log)
	for n := range maxKeys {
		if err := s.save(fmt.Sprint(n), "v"); err != nil {
			t.Fatal(err)
		}
	}
	if s.save("one more", "v") == nil {
		t.Error("one key more was taken")
	}
	if err := s.save("0", "w"); err != nil {
		t.Errorf("a known key: %v", err)
	}
	if s.save("1", strings.Repeat("v", maxStore)) == nil || s.save("1", "\xff") == nil {
		t.Error("a value was taken that can't be")
	}
	if v, _ := s.load("1"); v != "v" {
		t.Errorf("a refused value replaced the old one")
	}
	s.flush()
}

func TestWritableByOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system keeps no permissions")
	}
	b := newBench(t, Config{}, map[string]string{"a": numbered("A", 1)})
	for _, dir := range []string{filepath.Join(b.dir, "a"), b.dir} {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := b.Load("a"); err == nil || !strings.Contains(err.Error(), "others may write") {
			t.Errorf("%s: %v", dir, err)
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b.must("A", "")
}
