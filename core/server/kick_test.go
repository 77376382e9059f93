package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mts/core"
	"mts/core/server"
)

// slow adds verbs that don't end by themselves: WAIT heeds its context and
// HANG doesn't, before release is closed.
func slow(release <-chan struct{}) func(*server.Config) {
	return func(c *server.Config) {
		c.Commands = append(c.Commands,
			core.Command{Verb: "WAIT", Run: func(c *core.Call) error {
				c.Printf("waiting\n")
				<-c.Context().Done()
				return context.Cause(c.Context())
			}},
			core.Command{Verb: "QUIET", Run: func(c *core.Call) error {
				<-c.Context().Done()
				return c.Context().Err()
			}},
			core.Command{Verb: "HANG", Run: func(*core.Call) error {
				<-release
				return nil
			}})
	}
}

// Whatever a session does, a kick ends it within a second.
func TestKick(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "big", 40<<20)
	for _, test := range []struct {
		name     string
		answered []string
		input    string // behind them
		last     string
	}{
		{"idle", nil, "", "!Disconnected: go away\r\n"},
		{"idle, in blocks", []string{"MODE BLOCK"}, "", "![code=kicked] Disconnected: go away\r\n"},
		{"half a line", []string{"NOOP"}, "FILE big", "!Disconnected: go away\r\n"},
		{"running", []string{"NOOP"}, "QUIET\n", "!Disconnected: go away\r\n"},
		{"running, in blocks", []string{"MODE BLOCK"}, "QUIET\n", "![code=kicked] Disconnected: go away\r\n"},
		{"with data", nil, "WAIT\n", ""},
		{"with data, in blocks", []string{"MODE BLOCK"}, "WAIT\n", "$8\r\nwaiting\n![code=kicked] Disconnected: go away\r\n"},
		{"deaf", nil, "HANG\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				s := newServer(t, dir, slow(release))
				defer close(release)
				c := enter(t, pipe(t, s))
				for _, command := range test.answered {
					c.send(command)
					c.line()
				}
				io.WriteString(c, test.input)
				synctest.Wait()
				kickWithin(t, s, func() { c.wantEnd(test.last) })
			})
		})
	}
}

// kickWithin kicks the only session and checks that the client sees its end,
// and the server has forgotten it, within a second.
func kickWithin(t *testing.T, s *server.Server, see func()) {
	t.Helper()
	id, start := s.Sessions()[0].ID, time.Now()
	if !kicked(t, s, id, "go away") {
		t.Fatal("there was nothing to kick")
	}
	see()
	if took := time.Since(start); took >= time.Second {
		t.Errorf("the end came after %v", took)
	}
	time.Sleep(time.Until(start.Add(time.Second)))
	synctest.Wait()
	if all := s.Sessions(); len(all) != 0 {
		t.Errorf("still there after a second: %v", all)
	}
	if kicked(t, s, id, "again") {
		t.Error("it was kicked again")
	}
}

// kicked kicks a session, and reports whether there was one.
func kicked(t *testing.T, s *server.Server, id uint64, reason string) bool {
	t.Helper()
	f, err := server.ParseFilter([]string{fmt.Sprintf("id=%d", id)})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Equal(s.KickAll(f, reason), []uint64{id})
}

// unblock returns the data of blocks, of which the last may be cut.
func unblock(b []byte) (data []byte) {
	for len(b) > 0 {
		header, rest, _ := bytes.Cut(b, []byte("\r\n"))
		n, _ := strconv.Atoi(strings.TrimPrefix(string(header), "$"))
		n = min(n, len(rest))
		data, b = append(data, rest[:n]...), rest[n:]
	}
	return data
}

// A transfer ends in the middle, and nothing is put behind the file's bytes.
func TestKickSending(t *testing.T) {
	dir := t.TempDir()
	content := writeFile(t, dir, "big", 40<<20)
	for _, mode := range []string{"MODE STREAM", "MODE BLOCK"} {
		for _, reading := range []bool{true, false} {
			t.Run(mode, func(t *testing.T) {
				inBubble(t, dir, nil, func(t *testing.T, s *server.Server) {
					c := enter(t, pipe(t, s), mode)
					c.send("FILE big")
					if mode == "MODE BLOCK" {
						c.want("$262144")
					}
					io.CopyN(io.Discard, c.r, 256<<10)
					kickWithin(t, s, func() {
						if !reading {
							time.Sleep(900 * time.Millisecond)
						}
						rest, _ := io.ReadAll(c.r)
						if mode == "MODE BLOCK" {
							rest = unblock(rest)
						}
						if len(rest) > 15<<20 || !bytes.HasPrefix(content[256<<10:], rest) {
							t.Errorf("got %d bytes that aren't the file's next", len(rest))
						}
					})
				})
			})
		}
	}
}

func TestKickHandshake(t *testing.T) {
	inBubble(t, t.TempDir(), nil, func(t *testing.T, s *server.Server) {
		near, far := net.Pipe()
		s.ServeConn(far, true)
		io.WriteString(near, "\x16\x03")
		kickWithin(t, s, func() { io.ReadAll(near) })
	})
	inBubble(t, t.TempDir(), nil, func(t *testing.T, s *server.Server) {
		c := enter(t, pipe(t, s), "STARTTLS")
		kickWithin(t, s, func() { c.wantEnd("") })
	})
}

// A login that waits for its turn is given up.
func TestKickLogin(t *testing.T) {
	inBubble(t, t.TempDir(), hashing(time.Hour, nil), func(t *testing.T, s *server.Server) {
		first, second := greet(t, pipe(t, s)), greet(t, pipe(t, s))
		first.send("AUTH passwd")
		synctest.Wait()
		second.send("AUTH passwd")
		synctest.Wait()
		start := time.Now()
		if !kicked(t, s, s.Sessions()[1].ID, "go away") {
			t.Fatal("there was nothing to kick")
		}
		second.wantEnd("!Disconnected: go away\r\n")
		if took := time.Since(start); took >= time.Second {
			t.Errorf("the end came after %v", took)
		}
		time.Sleep(time.Hour)
	})
}

// The last line arrives over every transport, printable, with a proper end.
func TestKickTold(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			s := newServer(t, t.TempDir(), nil)
			c := enter(t, dialer(t, s, transport)())
			if !kicked(t, s, s.Sessions()[0].ID, "out\x1b\r\n#OK.") {
				t.Fatal("there was nothing to kick")
			}
			c.wantEnd("!Disconnected: out\\x1b\\r\\n#OK.\r\n")
			if kicked(t, s, 7, "nobody") {
				t.Error("a session that never was is kicked")
			}
		})
	}
}
