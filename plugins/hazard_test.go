package plugins

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mts/core"
)

// hazards does all that a script must not be able to hurt others with. Some of
// it would not get past the check.
const hazards = `
import ("errors"; "io"; "strings"; "mts/core")

func Commands() []core.Command {
	return []core.Command{
		{Verb: "OK", Run: func(c *core.Call) error { c.Printf("ok"); return nil }},
		{Verb: "LOOP", Run: func(c *core.Call) error { for {} }},
		{Verb: "DEFER", Run: func(c *core.Call) error { defer func() { for {} }(); return nil }},
		{Verb: "SWALLOW", Run: func(c *core.Call) error { for { swallow() } }},
		{Verb: "RECEIVE", Run: func(c *core.Call) error { ch := make(chan int); <-ch; return nil }},
		{Verb: "HANG", Run: func(c *core.Call) error { c.Stat("/here"); ch := make(chan int); <-ch; return nil }},
		{Verb: "HOSTCALLS", Run: func(c *core.Call) error { for { c.Stat("/none") } }},
		{Verb: "ZEROES", Run: func(c *core.Call) error { _, err := c.Send(zeroes{}); return err }},
		{Verb: "NATIVE", Run: func(c *core.Call) error { _, err := io.Copy(io.Discard, zeroes{}); return err }},
		{Verb: "PANIC", Run: func(c *core.Call) error { panic("oh\x1b") }},
		{Verb: "NIL", Run: func(c *core.Call) error { var m map[string]int; m["a"] = 1; return nil }},
		{Verb: "INDEX", Run: func(c *core.Call) error { s := strings.Fields(c.Arg()); return errors.New(s[7]) }},
		{Verb: "GOPANIC", Run: func(c *core.Call) error { go func() { panic("in a goroutine") }(); ch := make(chan int); <-ch; return nil }},
		{Verb: "DEEP", Run: func(c *core.Call) error { deep(0); return nil }},
		{Verb: "MAPS", Run: func(c *core.Call) error {
			m := map[int]int{}
			for j := 0; j < 4; j++ { go func() { for i := 0; ; i++ { m[i%10] = i } }() }
			ch := make(chan int); <-ch
			return nil
		}},
		{Verb: "HUGE", Run: func(c *core.Call) error { n := 1 << 40; b := make([]byte, n); c.Printf("%d", len(b)); return nil }},
		{Verb: "GROW", Run: func(c *core.Call) error { var s []string; for { s = append(s, strings.Repeat("x", 1<<20)) } }},
		{Verb: "REPEAT", Run: func(c *core.Call) error { n := 1 << 33; c.Printf("%d", len(strings.Repeat("x", n))); return nil }},
		{Verb: "LONGREPLY", Run: func(c *core.Call) error { c.Reply("%s", strings.Repeat("x", 1<<20)); return nil }},
		{Verb: "LONGERROR", Run: func(c *core.Call) error { return errors.New(strings.Repeat("x", 1<<22)) }},
		{Verb: "LONGKEY", Run: func(c *core.Call) error { return c.Save(strings.Repeat("x", 1<<22), "") }},
		{Verb: "LOG", Run: func(c *core.Call) error { for i := 0; i < 10000; i++ { c.Logf("%d", i) }; return nil }},
	}
}

func swallow() { defer func() { recover() }(); for {} }

func deep(n int) int { return deep(n+1) + 1 }

type zeroes struct{}
func (zeroes) Read(p []byte) (int, error) { return len(p) / 2, nil }
`

// Every hazard fails its own call with its code, and the plugin serves again.
func TestHazards(t *testing.T) {
	cfg := Config{Timeout: 300 * time.Millisecond, Memory: 256 << 20}
	b := newBench(t, cfg, map[string]string{"hazard": hazards, "other": `
import "mts/core"
func Commands() []core.Command { return []core.Command{{Verb: "OTHER", Run: func(c *core.Call) error { return nil }}} }`})
	timeout, failed := core.CodePluginTimeout, core.CodePluginFailed
	for _, test := range []struct {
		verb  string
		codes []core.Code
		dies  bool
	}{
		{"LOOP", []core.Code{timeout}, false},
		{"DEFER", []core.Code{timeout}, false},
		{"SWALLOW", []core.Code{timeout}, false},
		{"RECEIVE", []core.Code{timeout}, false},
		{"HOSTCALLS", []core.Code{timeout}, false},
		{"NATIVE", []core.Code{timeout}, false},
		{"PANIC", []core.Code{failed}, false},
		{"NIL", []core.Code{failed}, false},
		{"INDEX", []core.Code{failed}, false},
		{"GOPANIC", []core.Code{failed}, true},
		{"DEEP", []core.Code{failed, timeout}, true}, // the stack grows while the clock runs
		{"MAPS", []core.Code{failed, timeout}, true}, // the runtime notices most of the time
		{"HUGE", []core.Code{failed}, true},
		{"GROW", []core.Code{failed, timeout}, true},
		{"REPEAT", []core.Code{failed}, true},
	} {
		t.Run(test.verb, func(t *testing.T) {
			b.TB = t
			pid, other := b.status("hazard").PID, b.status("other").PID
			began := time.Now()
			b.want(test.verb, test.codes...)
			answered := time.Since(began)
			if out := b.must("OK", ""); out != "ok" {
				t.Errorf("then OK gave %q", out)
			}
			t.Logf("answered after %v, served again after %v more", answered, time.Since(began)-answered)
			if died := b.status("hazard").PID != pid; died && !test.dies {
				t.Error("the worker died")
			}
			if b.status("other").PID != other {
				t.Error("another plugin's worker died")
			}
			b.must("OTHER", "")
		})
	}
}

// What is too long for the link fails in the script, not the link.
func TestTooLong(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"hazard": hazards})
	pid := b.status("hazard").PID
	h := new(client)
	if err := b.call(t.Context(), h, "LONGREPLY", ""); err != nil || len(h.text) != maxLine {
		t.Errorf("LONGREPLY: %v and %d bytes, want %d", err, len(h.text), maxLine)
	}
	if err := b.call(t.Context(), h, "LONGERROR", ""); err == nil || len(err.Error()) > maxLine {
		t.Errorf("LONGERROR: %.40v, want it cut", err)
	}
	if err := b.call(t.Context(), h, "LONGKEY", ""); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("LONGKEY: %.40v, want a refusal", err)
	}
	if err := b.call(t.Context(), h, "LOG", ""); err != nil || len(h.notes) > 1000 {
		t.Errorf("LOG: %v, %d lines", err, len(h.notes))
	}
	if b.status("hazard").PID != pid {
		t.Error("the worker died")
	}
}

// kill -9 of a worker costs the call in it, and nobody else's.
func TestKilledWorker(t *testing.T) {
	b := newBench(t, Config{Timeout: time.Minute, Instances: 3}, map[string]string{"hazard": hazards})
	const calls = 3
	done, runs := make(chan error, calls), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range calls {
		go func() { done <- b.call(ctx, &client{stat: func() { runs <- struct{}{} }}, "HANG", "") }()
	}
	for range calls {
		<-runs
	}
	pid := b.status("hazard").PID
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := <-done; failure(err) != core.CodePluginFailed {
		t.Errorf("%v, want plugin-failed", describe(err))
	}
	noticed := time.Since(began)
	b.must("OK", "")
	t.Logf("noticed after %v, served again after %v", noticed, time.Since(began))
	if st := b.status("hazard"); st.PID == pid || st.Failures != 1 || st.State != "running" {
		t.Errorf("status is %+v", st)
	}
	cancel()
	for range calls - 1 {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("another call ended with %v", describe(err))
		}
	}
}

// A script that harms while it is loaded isn't, and says why.
func TestBadLoads(t *testing.T) {
	const commands = `
func Commands() []core.Command { return []core.Command{{Verb: "X", Run: func(c *core.Call) error { return nil }}} }`
	for name, test := range map[string]struct{ src, want string }{
		"syntax":    {"\nfunc {", "syntax/syntax.go:5:6"},
		"undefined": {"\nimport \"mts/core\"\nvar _ = nothing" + commands, "undefined/undefined.go:6:5"},
		"forbidden": {"\nimport (\"mts/core\"; \"os\")\nvar _ = os.Args" + commands, "os"},
		"panics":    {"\nimport \"mts/core\"\nfunc init() { panic(\"no\") }" + commands, "no"},
		"bomb":      {"\nimport (\"mts/core\"; \"strings\")\nvar n = 1 << 40\nvar s = strings.Repeat(\"x\", n)" + commands, "the worker died: fatal error: "},
		"array":     {"\nimport \"mts/core\"\nvar a [1<<40]byte" + commands, ""},
		"nothing":   {"\nfunc F() {}", "offers nothing"},
		"verb":      {"\nimport \"mts/core\"\nfunc Commands() []core.Command { return []core.Command{{Verb: \"low\"}} }", `"low" is not a verb`},
		"norun":     {"\nimport \"mts/core\"\nfunc Commands() []core.Command { return []core.Command{{Verb: \"X\"}} }", "no Run"},
		"settings":  {"\nimport (\"errors\"; \"mts/core\")\nfunc Configure(settings map[string]any) error { return errors.New(\"no limit set\") }" + commands, "no limit set"},
		"builtin":   {"\nimport \"mts/core\"\nfunc Commands() []core.Command { return []core.Command{{Verb: \"QUIT\", Run: func(c *core.Call) error { return nil }}} }", "builtin claims QUIT"},
		"Upper":     {"", "can't be the name of a plugin"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, Config{Memory: 128 << 20}, map[string]string{name: test.src})
			if st := b.status(name); st.State != "failed" || !strings.Contains(st.Error, test.want) || st.Error == "" {
				t.Errorf("status is %+v, want an error with %q", st, test.want)
			}
			if len(b.verbs) != 0 {
				t.Errorf("verbs are %v", b.verbs)
			}
		})
	}
}

// A gibibyte for a client that reads slowly: it gets all of it, however long
// that takes, and neither side holds it.
func TestLongOutput(t *testing.T) {
	size := int64(1 << 30)
	if testing.Short() {
		size = 1 << 26
	}
	b := newBench(t, Config{Timeout: 2 * time.Minute, Memory: 128 << 20}, map[string]string{"big": `
import ("strconv"; "mts/core")
func Commands() []core.Command { return []core.Command{{Verb: "BIG", Args: "N", Run: func(c *core.Call) error {
	n, err := strconv.Atoi(c.Arg())
	if err != nil { return err }
	p := make([]byte, 65536)
	for ; n > 0; n -= len(p) { if _, err := c.Write(p); err != nil { return err } }
	return nil
}}} }`})
	var most, writes int64
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	h := &client{drop: true, slow: func() {
		if writes++; writes%256 == 0 {
			time.Sleep(time.Millisecond)
			runtime.ReadMemStats(&now)
			most = max(most, b.status("big").Memory, int64(now.Sys-before.Sys))
		}
	}}
	if err := b.call(t.Context(), h, "BIG", strconv.FormatInt(size, 10)); err != nil || h.count.Load() != size {
		t.Fatalf("%v after %d bytes, want %d", describe(err), h.count.Load(), size)
	}
	if most > 64<<20 {
		t.Errorf("the worker held, or this process grew by, %d MiB", most>>20)
	}
}

// The clock stands while a client keeps its call waiting.
func TestSlowClientIsNotTheScriptsFault(t *testing.T) {
	b := newBench(t, Config{Timeout: 100 * time.Millisecond}, map[string]string{"tool": tool})
	h := &client{slow: func() { time.Sleep(300 * time.Millisecond) }}
	if err := b.call(t.Context(), h, "ECHO", "x"); err != nil || h.out.String() != "x" {
		t.Errorf("%v, %q", describe(err), h.out.String())
	}
}

func TestManyCallsDontGrow(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"tool": tool})
	calls := 10000
	if testing.Short() {
		calls = 1000
	}
	for range 1000 {
		b.must("ECHO", "x")
	}
	before := b.status("tool").Memory
	for range calls {
		b.must("ECHO", "x")
	}
	if grown := b.status("tool").Memory - before; grown > 16<<20 {
		t.Errorf("the worker grew by %d bytes", grown)
	}
}

// One that doesn't take its turn is told, when all instances are taken.
func TestBusy(t *testing.T) {
	b := newBench(t, Config{Instances: 1, Timeout: 100 * time.Millisecond}, map[string]string{"tool": tool})
	hold, held := make(chan struct{}), make(chan error)
	var once atomic.Bool
	entered := make(chan struct{})
	h := &client{slow: func() {
		if once.CompareAndSwap(false, true) {
			close(entered)
		}
		<-hold
	}}
	go func() { held <- b.call(context.Background(), h, "ECHO", "x") }()
	<-entered
	b.want("ECHO", core.CodeBusy)
	close(hold)
	if err := <-held; err != nil {
		t.Error(err)
	}
}
