package server_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"mts/core"
	"mts/core/harness"
	"mts/core/limit"
	"mts/core/server"
)

// withDone gives s a plugin whose Done hook is done.
func withDone(t *testing.T, s *server.Server, done func(c *core.Call, bytes int64, err error)) {
	t.Helper()
	harness.Must(t, s.SetPlugins([]core.Plugin{{Name: "slow", Hooks: core.Hooks{Done: done}}}))
}

// A reply has left, and is counted and logged, before the Done hooks run. The
// next command waits for them.
func TestReplyBeforeDone(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "f", 3)
	var log harness.Log
	inBubble(t, dir, logTo(&log), func(t *testing.T, s *server.Server) {
		withDone(t, s, func(*core.Call, int64, error) { time.Sleep(2 * time.Second) })
		c := enter(t, pipe(t, s), "MODE BLOCK")
		start := time.Now()
		c.send("FILE f", "NOOP")
		if reply, _, err := c.blocks(3); err != nil || !reply.OK {
			t.Fatalf("got %+v, %v", reply, err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("the reply came after %v", took)
		}
		if s.Stats().Transfers != 1 || log.Count("msg=transfer") != 1 || log.Count("dur=0s") != 1 {
			t.Error("the transfer isn't counted and logged, or not with its own duration")
		}
		c.want("#OK.")
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("the next command was answered after %v", took)
		}
	})
}

// A Done hook that never ends doesn't hold up its session for ever.
func TestDoneIsBounded(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "f", 3)
	release := make(chan struct{})
	for name, wait := range map[string]func(*core.Call){
		"heeds its context": func(c *core.Call) { <-c.Context().Done() },
		"deaf":              func(*core.Call) { <-release },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release = make(chan struct{})
				s := newServer(t, dir, nil)
				defer close(release)
				withDone(t, s, func(c *core.Call, _ int64, _ error) { wait(c) })
				c := enter(t, pipe(t, s), "MODE BLOCK")
				c.send("FILE f", "NOOP")
				c.blocks(3)
				start := time.Now()
				c.want("#OK.")
				if took := time.Since(start); took != 10*time.Second {
					t.Errorf("the next command was answered after %v", took)
				}
			})
		})
	}
}

// While Done hooks run, a session can be kicked and told so.
func TestKickInDone(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "f", 3)
	for _, next := range []string{"", "NOOP\n"} {
		inBubble(t, dir, nil, func(t *testing.T, s *server.Server) {
			withDone(t, s, func(c *core.Call, _ int64, _ error) { <-c.Context().Done() })
			c := enter(t, pipe(t, s), "MODE BLOCK")
			c.send("FILE f")
			c.blocks(3)
			io.WriteString(c, next)
			synctest.Wait()
			kickWithin(t, s, func() { c.wantEnd("![code=kicked] Disconnected: go away\r\n") })
		})
	}
}

// The hooks are told of a transfer that didn't come to its end, in a context
// that lets them do something.
func TestDoneOfWhatFails(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "f", 1<<20)
	slow := limited(limit.Policy{Client: limit.Allowance{Bytes: 100 << 10}})
	for name, end := range map[string]func(t *testing.T, s *server.Server, c *client){
		"kicked":  func(t *testing.T, s *server.Server, _ *client) { s.KickAll(nil, "go") },
		"hung up": func(t *testing.T, s *server.Server, c *client) { c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, dir, slow, func(t *testing.T, s *server.Server) {
				told := 0
				withDone(t, s, func(c *core.Call, n int64, err error) {
					if told++; err == nil || n >= 1<<20 || context.Cause(c.Context()) != nil || c.Session().User != "default" {
						t.Errorf("told of %d bytes, %v, in %v", n, err, c.Context())
					}
				})
				c := enter(t, pipe(t, s))
				c.send("FILE f")
				time.AfterFunc(time.Second, func() { end(t, s, c) })
				io.Copy(io.Discard, c.r)
				time.Sleep(time.Minute)
				synctest.Wait()
				if told != 1 {
					t.Errorf("told %d times", told)
				}
			})
		})
	}
}
