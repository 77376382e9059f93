package server_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"mts/core/harness"
	"mts/core/limit"
	"mts/core/server"
)

// wantReset checks that a connection is reset without a word.
func wantReset(t *testing.T, c net.Conn) {
	t.Helper()
	got, err := io.ReadAll(c)
	if len(got) > 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %q, %v; want a reset", got, err)
	}
}

// banAll bans all clients.
func banAll(c *server.Config) {
	c.Limits = limit.New(limit.Policy{})
	c.Limits.Ban(limit.Ban{Target: "0.0.0.0/0"})
}

// Over its connection rate a client is told so once a second, and else reset. A
// banned one is told so in the clear only.
func TestRefusalsAreTold(t *testing.T) {
	slow := limited(limit.Policy{Connections: 1})
	for _, test := range []struct {
		name   string
		change func(*server.Config)
		secure bool
		before int // connections that are let in
		told   string
	}{
		{"rate", slow, false, 2, "!Too many connections.\r\n"},
		{"rate, TLS", slow, true, 2, "!Too many connections.\r\n"},
		{"ban", banAll, false, 0, "!Try again later.\r\n"},
		{"ban, TLS", banAll, true, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log harness.Log
			s := newServer(t, t.TempDir(), func(c *server.Config) {
				test.change(c)
				logTo(&log)(c)
			})
			dial := from(t, s, test.secure)
			for range test.before {
				dial("127.0.0.2")
			}
			told, resets := 0, 0
			for range 20 {
				switch got, err := io.ReadAll(dial("127.0.0.2")); {
				case string(got) == test.told && err == nil:
					told++
				case len(got) == 0 && errors.Is(err, syscall.ECONNRESET):
					resets++
				default:
					t.Errorf("got %q, %v", got, err)
				}
			}
			if want := min(1, len(test.told)); told != want || resets != 20-want {
				t.Errorf("%d told, %d reset", told, resets)
			}
			if n := log.Count("msg=refused"); n != 1 {
				t.Errorf("the log has %d lines:\n%s", n, log.String())
			}
			harness.Eventually(t, "the log to say what it left out", func() bool { return log.Count("count=19") == 1 })
		})
	}
}

// A client that is refused has nothing more read, however much it sends.
func TestRefusedIsNotRead(t *testing.T) {
	s := newServer(t, t.TempDir(), banAll)
	c := from(t, s, false)("127.0.0.2")
	n, err := io.Copy(c, endless{})
	if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("%d bytes sent, %v; want a reset", n, err)
	}
	if n > 16<<20 { // what sockets hold
		t.Errorf("%d bytes were taken", n)
	}
}

// endless never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("x"), len(p))), nil }

// One line a second about a client, and another one about those that have none of
// their own.
func TestRefusalLog(t *testing.T) {
	var log harness.Log
	change := func(c *server.Config) {
		logTo(&log)(c)
		c.MaxSessions = 1
	}
	inBubble(t, t.TempDir(), change, func(t *testing.T, s *server.Server) {
		enter(t, pipe(t, s))
		for range 40 {
			for range 10 {
				pipe(t, s)
			}
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n, left := log.Count("msg=refused"), log.Count(`msg="refusals left out" count=`); n != 1 || left != 4 {
			t.Errorf("%d lines about refusals, %d about others:\n%s", n, left, log.String())
		}
		sum := 0
		for _, match := range regexp.MustCompile(`count=(\d+)`).FindAllStringSubmatch(log.String(), -1) {
			n, _ := strconv.Atoi(match[1])
			sum += n
		}
		if sum != 399 {
			t.Errorf("%d refusals are accounted for:\n%s", sum, log.String())
		}
	})
}

// BenchmarkBanned connects as a banned client and is reset. It reports what the
// server's part takes, from the connection that is accepted to its reset.
func BenchmarkBanned(b *testing.B) {
	s := newServer(b, b.TempDir(), banAll)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	var took time.Duration
	for b.Loop() {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		nc, err := ln.Accept()
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		s.ServeConn(nc, true)
		took += time.Since(start)
		c.Close()
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "ns/reset")
}
