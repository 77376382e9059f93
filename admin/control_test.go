package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mts/admin"
	"mts/core"
)

// do runs a command and returns its rows.
func do(c *admin.Client, words ...string) (rows []string, err error) {
	_, err = c.Do(context.Background(), words, func(row json.RawMessage) error {
		rows = append(rows, string(row))
		return nil
	})
	return rows, err
}

func ids(sessions []admin.Session) (ids []uint64) {
	for _, s := range sessions {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestSessions(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		h.connect("ann")
		h.connect("bob")
		h.connect("")
		for _, test := range []struct {
			filter []string
			want   []uint64
		}{
			{nil, []uint64{1, 2, 3}},
			{[]string{"user=ann"}, []uint64{1}},
			{[]string{"user!=ann", "state=idle"}, []uint64{2}},
			{[]string{"state=login"}, []uint64{3}},
			{[]string{"id=2"}, []uint64{2}},
			{[]string{"2"}, []uint64{2}},
			{[]string{"id>1", "tls=no", "age<1h"}, []uint64{2, 3}},
			{[]string{"bytes>1GB"}, nil},
		} {
			all, err := c.Sessions(t.Context(), test.filter...)
			if err != nil || !slices.Equal(ids(all), test.want) {
				t.Errorf("%v: got %v, %v; want %v", test.filter, ids(all), err, test.want)
			}
		}
		s, err := c.Show(t.Context(), 2)
		if err != nil || s.User != "bob" || s.AgeMS < 0 || s.Commands != 3 {
			t.Errorf("got %+v, %v", s, err)
		}
	})
}

// The rows have exactly the fields of the contract.
func TestFields(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		h.connect("ann")
		must(t, c.Ban(t.Context(), "10.0.0.0/8", time.Hour, "x"))
		for _, test := range [][2]string{
			{"sessions", "bytes_out client commands id idle_ms listener path rate remote sent since size state tls user verb waits_ms"},
			{"show 1", "age_ms bytes_out client commands id idle_ms limit listener path plugin rate remote sent since size state tls user verb waits_ms"},
			{"bans", "by kind reason target until"},
			{"users", "failures last_login name sessions"},
			{"stats", "bytes_out goroutines handshakes memory refusals sessions sessions_total transfers uptime_s"},
			{"limit", "rate target"},
			{"log level info", "affected ids"},
			{"limit total 0", "affected ids"},
			{"unban 10.0.0.0/8", "affected ids"},
		} {
			command, want := test[0], test[1]
			rows, err := do(c, strings.Fields(command)...)
			var fields map[string]any
			if err != nil || len(rows) == 0 || json.Unmarshal([]byte(rows[0]), &fields) != nil {
				t.Fatalf("%s: got %q, %v", command, rows, err)
			}
			var names []string
			for name := range fields {
				names = append(names, name)
			}
			slices.Sort(names)
			if got := strings.Join(names, " "); got != want {
				t.Errorf("%s: got %s; want %s", command, got, want)
			}
			if ids, ok := fields["ids"]; ok && reflect.TypeOf(ids).Kind() != reflect.Slice {
				t.Errorf("%s: the ids are %v", command, ids)
			}
		}
	})
}

func TestFailures(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		h.connect("ann")
		for command, want := range map[string]core.Code{
			"nonsense":            core.CodeUnknownCommand,
			"sessions color=red":  core.CodeUsage,
			"sessions idle>soon":  core.CodeUsage,
			"show":                core.CodeUsage,
			"show x":              core.CodeUsage,
			"show 9":              core.CodeNotFound,
			"kick":                core.CodeUsage,
			"kick reason=x":       core.CodeUsage,
			"kick 9":              core.CodeNotFound,
			"kick id=9":           admin.CodeNoMatch,
			"kick user=nobody":    admin.CodeNoMatch,
			"kick evil":           core.CodeUsage,
			"kick all user=ann":   core.CodeUsage,
			"abort 9":             core.CodeNotFound,
			"abort 1":             admin.CodeNoMatch,
			"abort all":           core.CodeUsage,
			"limit 9 1MB":         core.CodeNotFound,
			"limit 1":             core.CodeUsage,
			"limit 1 fast":        core.CodeUsage,
			"limit 1 -5":          core.CodeUsage,
			"limit who=x 1MB":     core.CodeUsage,
			"limit client=x 1MB":  core.CodeUsage,
			"ban":                 core.CodeUsage,
			"ban x":               core.CodeUsage,
			"ban ::1 for=never":   core.CodeUsage,
			"unban 10.0.0.1":      admin.CodeNoMatch,
			"unban x":             core.CodeUsage,
			"message 1":           core.CodeUsage,
			"message 9 hi":        core.CodeNotFound,
			"message user=bob hi": admin.CodeNoMatch,
			"message x=y hi":      core.CodeUsage,
			"plugins load wc":     core.CodeNotFound,
			"plugins burn wc":     core.CodeUsage,
			"events idle>5m":      core.CodeUsage,
			"events color=red":    core.CodeUsage,
			"reload all":          core.CodeUsage,
			"reload tls":          admin.CodeFailed,
			"log level loud":      core.CodeUsage,
			"log":                 core.CodeUsage,
			"wait":                core.CodeUsage,
			"wait 1 timeout=1ms":  core.CodeTimeout,
			"wait 1 timeout=x":    core.CodeUsage,
			"shutdown later":      core.CodeUsage,
			"drain now":           core.CodeUsage,
			"stats 1":             core.CodeUsage,
		} {
			rows, err := do(c, strings.Fields(command)...)
			wantCode(t, err, want, command)
			if rows != nil {
				t.Errorf("%s: got %v", command, rows)
			}
		}
		if all, err := c.Sessions(t.Context()); err != nil || len(all) != 1 {
			t.Errorf("got %v, %v; want the one session still", all, err)
		}
		err := c.Reload(t.Context(), "tls")
		if err == nil || err.Error() != `mtsd.toml:3: tls.cert: \x1b[31mbroken` {
			t.Errorf("got %v", err)
		}
	})
}

// A kick ends a session whatever it is doing.
func TestKick(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		must(t, os.WriteFile(filepath.Join(h.dir, "big"), make([]byte, 4<<20), 0o600))
		idle := h.connect("ann")
		sending := h.connect("ann")
		sending.Write([]byte("FILE big\r\n")) // and never reads
		running := h.connect("ann")
		running.Write([]byte("HANG\r\n"))
		near := h.handshake()
		defer near.Close()
		eventually(t, "all at it", func() bool {
			for _, f := range []string{"state=sending", "state=running", "state=handshake", "state=idle"} {
				if all, err := c.Sessions(t.Context(), f); err != nil || len(all) != 1 {
					return false
				}
			}
			return true
		})
		began := time.Now()
		a, err := c.KickAll(t.Context(), "it's over", "all")
		if err != nil || a.N != 4 || !slices.Equal(a.IDs, []uint64{1, 2, 3, 4}) {
			t.Errorf("got %+v, %v", a, err)
		}
		idle.expect("![code=kicked] Disconnected: it's over\r\n")
		must(t, c.Wait(t.Context(), 10*time.Second, "all"))
		if took := time.Since(began); took > 5*time.Second { // it is 0.7 s; machines are busy
			t.Errorf("gone after %v", took)
		}
		wantCode(t, c.Kick(t.Context(), 1, "again"), core.CodeNotFound)
	})
}

// An abort ends the command and keeps the session.
func TestAbort(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		g := h.connect("ann")
		g.Write([]byte("LINGER\r\n"))
		eventually(t, "running", func() bool {
			all, _ := c.Sessions(t.Context(), "state=running", "verb=LINGER")
			return len(all) == 1
		})
		must(t, c.Abort(t.Context(), 1))
		g.expect("![code=aborted] Aborted.\r\n")
		g.ask("NOOP", "#OK.\r\n")
	})
}

// A new rate applies to a running transfer.
func TestLimit(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		const size = 64 << 10
		must(t, os.WriteFile(filepath.Join(h.dir, "f"), make([]byte, size), 0o600))
		g := h.connect("ann")
		if _, err := c.Limit(t.Context(), "1", 10); err != nil {
			t.Fatal(err)
		}
		g.Write([]byte("FILE f\r\n"))
		eventually(t, "sending", func() bool {
			all, _ := c.Sessions(t.Context(), "state=sending")
			return len(all) == 1
		})
		for _, target := range []string{"user=ann", "client=10.0.0.1", "total"} {
			if _, err := c.Limit(t.Context(), target, 1e6); err != nil {
				t.Fatal(err)
			}
		}
		all, err := c.Limits(t.Context())
		want := []admin.Rate{{Target: "total", Rate: 1e6}, {Target: "client=10.0.0.1", Rate: 1e6}, {Target: "user=ann", Rate: 1e6}, {Target: "1", Rate: 10}}
		if err != nil || !reflect.DeepEqual(all, want) {
			t.Errorf("got %v, %v; want %v", all, err, want)
		}
		if _, err := do(c, "limit", "1", "none"); err != nil {
			t.Fatal(err)
		}
		if _, err := do(c, "limit", "user=ann", "default"); err != nil {
			t.Fatal(err)
		}
		if all, err := c.Limits(t.Context()); err != nil || len(all) != 2 {
			t.Errorf("got %v, %v; want the total and the client", all, err)
		}
		got := make([]byte, size)
		for n := 0; n < size; {
			m, err := g.Read(got[n:])
			must(t, err)
			n += m
		}
		if s, err := c.Show(t.Context(), 1); err != nil || s.Limit != 0 {
			t.Errorf("got %+v, %v; want no limit", s, err)
		}
	})
}

func TestBans(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		must(t, c.Ban(t.Context(), "::ffff:10.0.0.1", time.Hour, "two words"))
		must(t, c.Ban(t.Context(), "user=ann", 0, ""))
		all, err := c.Bans(t.Context())
		if err != nil || len(all) != 2 {
			t.Fatalf("got %v, %v", all, err)
		}
		if b := all[0]; b.Target != "10.0.0.1" || b.Kind != "addr" || b.Reason != "two words" || b.By == "" || time.Until(b.Until) < 59*time.Minute {
			t.Errorf("got %+v", b)
		}
		if b := all[1]; b.Target != "user=ann" || !b.Until.IsZero() {
			t.Errorf("got %+v", b)
		}
		near := h.connect("")
		near.ask("USER ann", "#Password required.\r\n")
		near.Write([]byte("AUTH passwd\r\n"))
		near.expect("!")
		must(t, c.Unban(t.Context(), "user=ann"))
		wantCode(t, c.Unban(t.Context(), "user=ann"), admin.CodeNoMatch)
	})
}

func TestMessage(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		ann, bob := h.connect("ann"), h.connect("bob")
		for _, test := range []struct {
			words []string
			want  []uint64
			to    []*testClient
		}{
			{[]string{"1", "back", "at", "noon"}, []uint64{1}, []*testClient{ann}},
			{[]string{"user=bob", "state=idle", "back at noon"}, []uint64{2}, []*testClient{bob}},
			{[]string{"all", "back", "at noon"}, []uint64{1, 2}, []*testClient{ann, bob}},
		} {
			rows, err := do(c, append([]string{"message"}, test.words...)...)
			var a admin.Affected
			if err != nil || json.Unmarshal([]byte(rows[0]), &a) != nil || a.N != len(test.want) || !slices.Equal(a.IDs, test.want) {
				t.Errorf("%v: got %v, %v", test.words, rows, err)
			}
			for _, g := range test.to {
				g.expect("*back at noon\r\n")
			}
		}
	})
}

func TestServer(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		h.connect("ann")
		users, err := c.Users(t.Context())
		if err != nil || len(users) != 2 || users[0].Name != "ann" || users[0].LastLogin == nil || users[0].Sessions != 1 || users[1].LastLogin != nil {
			t.Errorf("got %+v, %v", users, err)
		}
		stats, err := c.Stats(t.Context())
		if err != nil || stats.Sessions != 1 || stats.SessionsTotal != 1 || stats.Goroutines == 0 || stats.Memory == 0 || stats.Refusals == nil || stats.Handshakes == nil {
			t.Errorf("got %+v, %v", stats, err)
		}
		must(t, c.LogLevel(t.Context(), "debug"))
		if h.level.Level() >= 0 {
			t.Errorf("the level is %v", h.level.Level())
		}
		must(t, c.Reload(t.Context(), ""))
		must(t, c.Reload(t.Context(), "users"))
		if a, b := <-h.reloads, <-h.reloads; a != "" || b != "users" {
			t.Errorf("reloaded %q and %q", a, b)
		}
		must(t, c.Drain(t.Context()))
		must(t, c.Shutdown(t.Context(), false))
		must(t, c.Shutdown(t.Context(), true))
		for _, want := range []admin.Stop{admin.StopDrained, admin.StopSoon, admin.StopNow} {
			if got := <-h.stops; got != want {
				t.Errorf("stopped by %v; want %v", got, want)
			}
		}
	})
}

// A wait ends when nothing matches any more, and when the console disconnects.
func TestWait(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		h.connect("ann")
		done := make(chan error)
		go func() { done <- c.Wait(t.Context(), time.Minute, "user=ann") }()
		must(t, c.Kick(t.Context(), 1, "go"))
		must(t, <-done)

		h.connect("bob")
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, err := c.Do(ctx, []string{"wait", "user=bob", "timeout=1h"}, nil)
			done <- err
		}()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestEvents(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		rows := make(chan admin.Event, 99)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- c.Events(ctx, func(e admin.Event) error { rows <- e; return nil }, "event!=connect", "user=ann")
		}()
		eventually(t, "the first event", func() bool {
			h.connect("bob")
			h.connect("ann")
			return len(rows) > 0
		})
		if e := <-rows; e.Event != "login" || e.User != "ann" || e.Session == 0 || e.Time.IsZero() {
			t.Errorf("got %+v", e)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

const echo = "package echo\n\n" + `import "mts/core"

func Commands() []core.Command {
	return []core.Command{{Verb: "ECHO", Args: "TEXT", Run: func(c *core.Call) error { c.Reply("%s", c.Arg()); return nil }}}
}
`

func TestPlugins(t *testing.T) {
	var h *testServer
	set := openPlugins(t, func(p []core.Plugin) error {
		if h == nil {
			return nil
		}
		return h.SetPlugins(p)
	}, map[string]string{"echo": echo})
	h = newTestServer(t, func(c *admin.Config) { c.Plugins = set })
	c := h.client(h.Plane.Dial)
	must(t, c.ReloadPlugin(t.Context(), "echo"))
	h.connect("ann").ask("ECHO hi", "#hi\r\n")
	all, err := c.Plugins(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "echo" || all[0].State != "running" || all[0].Calls != 1 || !slices.Equal(all[0].Verbs, []string{"ECHO"}) {
		t.Errorf("got %+v, %v", all, err)
	}
	must(t, c.UnloadPlugin(t.Context(), "echo"))
	must(t, set.Reload()) // as the watcher does
	h.connect("ann").ask("ECHO hi", "![code=unknown-command] Invalid command.\r\n")
	must(t, c.LoadPlugin(t.Context(), "echo"))
	h.connect("ann").ask("ECHO hi", "#hi\r\n")
	wantCode(t, c.LoadPlugin(t.Context(), "none"), core.CodeNotFound)
}
