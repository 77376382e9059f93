package server_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"mts/core"
	"mts/core/exports"
	"mts/core/harness"
	"mts/core/limit"
	"mts/core/server"
)

func limited(p limit.Policy) func(*server.Config) {
	return func(c *server.Config) { c.Limits = limit.New(p) }
}

// from connects to s over TCP from an address of loopback.
func from(t *testing.T, s *server.Server, secure bool) func(addr string) net.Conn {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve := s.Serve
	if secure {
		serve = s.ServeTLS
	}
	go serve(ln)
	return func(addr string) net.Conn {
		t.Helper()
		if runtime.GOOS == "darwin" {
			t.Skip("loopback has one address there")
		}
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(addr)}, Timeout: 20 * time.Second}
		c, err := d.Dial("tcp", ln.Addr().String())
		if errors.Is(err, syscall.ECONNRESET) {
			return resetConn{} // it came before the dial was over
		}
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(20 * time.Second))
		t.Cleanup(func() { c.Close() })
		if secure {
			return overTLS(c)
		}
		return c
	}
}

// A resetConn has been reset.
type resetConn struct{ net.Conn }

func (resetConn) Read([]byte) (int, error)  { return 0, syscall.ECONNRESET }
func (resetConn) Write([]byte) (int, error) { return 0, syscall.ECONNRESET }

// turnedAway reads what a connection is told that isn't let in.
func turnedAway(t *testing.T, c net.Conn, want string) {
	t.Helper()
	if got, err := io.ReadAll(c); string(got) != want+"\r\n" {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// Over its sessions, a client is told. The connection that tells it counts, too, as
// long as it is open. Others aren't concerned.
func TestSessionsOfAClient(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := newServer(t, t.TempDir(), limited(limit.Policy{Client: limit.Allowance{Sessions: 2}}))
		dial := from(t, s, secure)
		first := greet(t, dial("127.0.0.2"))
		greet(t, dial("127.0.0.2"))
		turnedAway(t, dial("127.0.0.2"), "!Too many connections.")
		greet(t, dial("127.0.0.3"))
		if got := s.Stats().Refusals["client-sessions"]; got != 1 {
			t.Errorf("refusals %v", s.Stats().Refusals)
		}
		first.send("QUIT")
		first.wantEnd("")
		harness.Eventually(t, "the client to have room again", func() bool {
			greeting, _ := newReader(dial("127.0.0.2")).ReadString('\n')
			return greeting == "#Server Ready.\r\n"
		})
	}
}

// Guessing ends in a ban, in which the right password doesn't help: neither on
// the connection that guesses, nor on others of its client, nor at the door.
func TestGuessing(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := newServer(t, t.TempDir(), limited(limit.Policy{Failures: 3, BanTime: time.Hour}))
		dial := from(t, s, secure)
		other := greet(t, dial("127.0.0.2"))
		c := greet(t, dial("127.0.0.2"))
		for range 3 {
			c.send("AUTH wrong")
			c.want("!Bad password.")
		}
		for _, c := range []*client{c, other} {
			c.send("MODE BLOCK", "AUTH passwd")
			c.line()
			c.want("![code=banned] Try again later.")
		}
		if secure {
			wantReset(t, dial("127.0.0.2"))
		} else {
			turnedAway(t, dial("127.0.0.2"), "!Try again later.")
		}
		enter(t, dial("127.0.0.3"))
		if r := s.Stats().Refusals; r["password"] != 3 || r["banned"] != 3 {
			t.Errorf("refusals %v", r)
		}
	}
}

// A ban leaves alone who is logged in.
func TestBanLeavesSessionsAlone(t *testing.T) {
	table := limit.New(limit.Policy{})
	s := newServer(t, t.TempDir(), func(c *server.Config) { c.Limits = table })
	c := enter(t, from(t, s, false)("127.0.0.2"))
	table.Ban(limit.Ban{Target: "127.0.0.2"})
	c.send("NOOP", "AUTH passwd", "NOOP")
	c.want("#OK.", "!Try again later.", "#OK.")
}

// Lines over the command rate are answered in their turn. Those that came
// before are answered before anybody waits.
func TestCommandRate(t *testing.T) {
	inBubble(t, t.TempDir(), limited(limit.Policy{Client: limit.Allowance{Commands: 2}}), func(t *testing.T, s *server.Server) {
		c := enter(t, pipe(t, s))
		start := time.Now()
		go c.send("NOOP", strings.Repeat("x", 10000), "nothing", "NOOP")
		for i, want := range []string{"#OK.", "!Line too long.", "!Invalid command.", "#OK."} {
			c.want(want)
			if at, want := time.Since(start), time.Duration(max(0, i-1))*500*time.Millisecond; at != want {
				t.Errorf("reply %d came after %v, want %v", i, at, want)
			}
		}
	})
}

// A client over the command rate is told so once, if it takes notices and is logged
// in. The list of sessions has how long it waited.
func TestSlowedDown(t *testing.T) {
	policy := limit.Policy{
		Client:  limit.Allowance{Commands: 4},
		Account: func(string) limit.Allowance { return limit.Allowance{Commands: 2} },
	}
	inBubble(t, t.TempDir(), limited(policy), func(t *testing.T, s *server.Server) {
		c := enter(t, pipe(t, s))
		go c.send("NOOP", "NOOP", "NOOP", "OPTS NOTICES ON", "NOOP", "NOOP", "OPTS NOTICES OFF", "MODE BLOCK", "NOOP")
		c.want("#OK.", "#OK.", "#OK.", "#NOTICES ON.", "* Slowed down: 2 commands a second.", "#OK.", "#OK.", "#NOTICES OFF.", "#Mode is BLOCK.", "#OK.")
		if r := s.Rows(nil)[0]; r.WaitsMS != 3500 {
			t.Errorf("the session waited %d ms", r.WaitsMS)
		}
	})
}

// Past the longest wait, there is a reply that says how long it would take.
func TestTooManyCommands(t *testing.T) {
	inBubble(t, t.TempDir(), limited(limit.Policy{Client: limit.Allowance{Commands: 1}}), func(t *testing.T, s *server.Server) {
		var clients []*client
		for range 8 {
			clients = append(clients, enter(t, pipe(t, s)))
			clients[len(clients)-1].send("NOOP")
			synctest.Wait()
		}
		for i, c := range clients {
			want := "#OK."
			if i > 5 {
				want = "!Too many commands. Try again in 2 s."
			}
			c.want(want)
		}
	})
}

// All that a client gets, by whatever command, counts for its byte rate.
func TestByteRate(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "big", 1<<20)
	writeFile(t, dir, "small", 10<<10)
	talk := core.Command{Verb: "TALK", Run: func(c *core.Call) error {
		_, err := c.Write(make([]byte, 1<<20))
		return err
	}}
	change := func(c *server.Config) {
		c.Commands = append(c.Commands, talk)
		c.Limits = limit.New(limit.Policy{Client: limit.Allowance{Bytes: 100 << 10}})
	}
	for command, want := range map[string]time.Duration{
		"FILE big":          10 * time.Second,
		"TALK":              10 * time.Second,
		"PART 0 512000 big": 5 * time.Second,
		"FILE small":        0,
	} {
		for _, mode := range []string{"STREAM", "BLOCK"} {
			t.Run(command+" "+mode, func(t *testing.T) {
				inBubble(t, dir, change, func(t *testing.T, s *server.Server) {
					a, b := enter(t, pipe(t, s), "MODE "+mode), enter(t, pipe(t, s), "MODE "+mode)
					start := time.Now()
					var running sync.WaitGroup
					for _, c := range []*client{a, b} {
						c.send(command, "QUIT")
						running.Go(func() { io.Copy(io.Discard, c) })
					}
					running.Wait()
					if took := time.Since(start); took < 2*want-want/20 || took > 2*want+want/10+time.Second {
						t.Errorf("two took %v, want %v", took, 2*want)
					}
				})
			})
		}
	}
}

// A rate changes a transfer under way, also one that waits for its next byte.
func TestSetRate(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "big", 4<<20)
	var table *limit.Table
	change := func(c *server.Config) {
		table = limit.New(limit.Policy{Client: limit.Allowance{Bytes: 1}})
		c.Limits = table
	}
	inBubble(t, dir, change, func(t *testing.T, s *server.Server) {
		c := enter(t, pipe(t, s))
		start := time.Now()
		c.send("FILE big", "QUIT")
		time.Sleep(10 * time.Second)
		id := s.Sessions()[0].ID
		if err := s.SetRate(id, 1<<20); err != nil {
			t.Fatal(err)
		}
		if r := s.Rows(nil)[0]; r.Limit != 1<<20 || r.State != "sending" {
			t.Errorf("row %+v", r)
		}
		table.SetPolicy(limit.Policy{})
		io.Copy(io.Discard, c)
		if took := time.Since(start); took < 13*time.Second || took > 15*time.Second {
			t.Errorf("the transfer took %v", took)
		}
		synctest.Wait()
		if err := s.SetRate(id, 1); err != server.ErrNoSession {
			t.Errorf("of a session that is gone: %v", err)
		}
	})
}

// Aborted, a command fails and its session goes on.
func TestAbort(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "big", 100<<20)
	wait := core.Command{Verb: "WAIT", Run: func(c *core.Call) error {
		<-c.Context().Done()
		return context.Cause(c.Context())
	}}
	change := func(c *server.Config) { c.Commands = append(c.Commands, wait) }
	for _, command := range []string{"WAIT", "FILE big"} {
		t.Run(command, func(t *testing.T) {
			inBubble(t, dir, change, func(t *testing.T, s *server.Server) {
				c := enter(t, pipe(t, s), "MODE BLOCK")
				id := s.Sessions()[0].ID
				if err := s.Abort(id); err != server.ErrIdle {
					t.Errorf("abort of an idle session: %v", err)
				}
				for range 2 {
					c.send(command)
					synctest.Wait()
					if err := s.Abort(id); err != nil {
						t.Fatal(err)
					}
					start := time.Now()
					reply, _, err := c.blocks(1 << 30)
					if err != nil || reply.Fact("code") != "aborted" || time.Since(start) > time.Second {
						t.Fatalf("got %+v, %v after %v", reply, err, time.Since(start))
					}
					time.Sleep(2 * time.Second)
					c.send("NOOP")
					c.want("#OK.")
				}
			})
		})
	}
}

// A reply that can't be completed within a second is cut.
func TestAbortOfWhatCannotBeCompleted(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "big", 100<<20)
	for _, mode := range []string{"BLOCK", "STREAM"} {
		inBubble(t, dir, nil, func(t *testing.T, s *server.Server) {
			c := enter(t, pipe(t, s), "MODE "+mode)
			c.send("FILE big")
			synctest.Wait()
			if err := s.Abort(s.Sessions()[0].ID); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if all := s.Sessions(); len(all) != 0 {
				t.Errorf("%s: still there: %v", mode, all)
			}
			c.wantCut()
		})
	}
}

// Settings count for sessions that exist, from their next command on.
func TestApply(t *testing.T) {
	var settings server.Settings
	old, now := seedFiles(t), seedFiles(t)
	writeFile(t, now, "fresh", 10)
	s := newServer(t, old, func(c *server.Config) { settings = c.Settings })
	c := enter(t, dialer(t, s, "pipe")())
	tree, err := exports.New(exports.Export{Path: "/", Dir: now})
	harness.Must(t, err)
	settings.Exports = tree
	s.Apply(settings)
	c.send("PART 10 - fresh")
	c.want("#File fresh sent successfully.")
	settings.Grant = func(string) server.Grant { return server.Grant{Verbs: []string{"list"}} }
	s.Apply(settings)
	c.send("PART 10 - fresh", "NOOP")
	c.want("!Invalid command.", "#OK.")
}

// Who isn't logged in has no files, whatever it was before.
func TestAnonymousSessionsHaveNoFiles(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "f", 10)
	s := newServer(t, dir, func(c *server.Config) {
		c.Commands = append(c.Commands, core.Command{Verb: "PEEK", Open: true, Run: func(c *core.Call) error {
			_, err := c.Open("f")
			return err
		}})
	})
	c := greet(t, dialer(t, s, "pipe")())
	c.send("PEEK", "AUTH passwd", "PEEK", "AUTH wrong", "PEEK")
	c.want("!Not found.", "#You are logged in.", "#OK.", "!Bad password.", "!Not found.")
}

// A transfer that can only be completed by its last block is aborted too.
func TestAbortInTheLastBlock(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "f", 100<<10)
	inBubble(t, dir, limited(limit.Policy{Client: limit.Allowance{Bytes: 200 << 10}}), func(t *testing.T, s *server.Server) {
		c := enter(t, pipe(t, s), "MODE BLOCK")
		c.send("FILE f")
		time.AfterFunc(100*time.Millisecond, func() { s.Abort(s.Sessions()[0].ID) })
		if reply, data, err := c.blocks(1 << 20); err != nil || reply.Fact("code") != "aborted" || len(data) != 100<<10 {
			t.Errorf("got %+v and %d bytes, %v", reply, len(data), err)
		}
		c.send("NOOP")
		c.want("#OK.")
	})
}
