package server_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"mts/core/harness"
	"mts/core/server"
	"mts/core/wire"
)

// heap returns how much memory is in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Input without an end is cut off, and not kept.
func TestEndlessLine(t *testing.T) {
	overAll(t, newServer(t, t.TempDir(), nil), func(t *testing.T, dial func() net.Conn) {
		c, before := enter(t, dial()), heap()
		done := make(chan struct{})
		go func() {
			defer close(done)
			chunk := bytes.Repeat([]byte("x"), 64<<10)
			for range 1024 {
				if _, err := c.Write(chunk); err != nil {
					return
				}
			}
		}()
		if rest, _ := io.ReadAll(c.r); string(rest) != "!Line too long.\r\n" && len(rest) > 0 {
			t.Errorf("got %q", rest)
		}
		if grown := heap() - before; grown > 16<<20 {
			t.Errorf("memory grew by %d bytes", grown)
		}
		c.Close()
		<-done
	})
}

// A line that is too long is answered once, whatever it holds.
func TestLongLine(t *testing.T) {
	overAll(t, newServer(t, t.TempDir(), nil), func(t *testing.T, dial func() net.Conn) {
		c := enter(t, dial())
		for _, n := range []int{4096, 4097, 8192, 60000} {
			c.send(strings.Repeat("noop ", n/5) + strings.Repeat("x", n%5))
			if n == 4096 {
				c.want("!Usage: NOOP")
			} else {
				c.want("!Line too long.")
			}
		}
		c.send("MODE BLOCK", strings.Repeat("x", 5000), "NOOP")
		c.want("#Mode is BLOCK.", "![code=line-too-long] Line too long.", "#OK.")
	})
}

// A client that only writes is not read from for long, and cut in the end.
func TestDeafFlood(t *testing.T) {
	inBubble(t, t.TempDir(), nil, func(t *testing.T, s *server.Server) {
		c := enter(t, pipe(t, s))
		var taken atomic.Int64
		ended := make(chan time.Duration)
		go func() {
			start, line := time.Now(), []byte("NOOP\r\n")
			for range 1 << 20 {
				n, err := c.Write(line)
				taken.Add(int64(n))
				if err != nil {
					break
				}
			}
			ended <- time.Since(start)
		}()
		synctest.Wait()
		if n := taken.Load(); n > 1<<20 {
			t.Errorf("took %d bytes ahead", n)
		}
		if took := <-ended; took != 30*time.Second {
			t.Errorf("cut after %v; want 30 s", took)
		}
	})
}

// Whatever an argument holds, the answer is one line that can be shown.
func TestOddArguments(t *testing.T) {
	odd := []string{
		"\x00", "a\x00b", "\x1b[2J", "\r", "a\rb", "\x7f", "\x9b2J", "\u009b2J", "\u202egpj.exe", "\u2066x\u2069", "\ufeff", "\u200b",
		"%s%n%d", "%!x(", "\xff\xfe", "\xc0\xaf", "\xed\xa0\x80", "[code=kicked] x", "$5", "#OK.", "!x", "*x", "\t", " ", "  x  ",
		"\u2028", "\u0085", "é", "日本", "'; --", `"`, "\\x1b", strings.Repeat("\u202e", 1300),
	}
	s := newServer(t, t.TempDir(), nil)
	for _, mode := range []string{"MODE STREAM", "MODE BLOCK"} {
		c := enter(t, dialer(t, s, "pipe")(), mode)
		for _, verb := range []string{"FILE ", "STAT ", "LIST ", "HASH ", "PART 0 - ", "PART ", "HELP ", "MODE ", "OPTS ", "NOOP ", "STARTTLS ", "BOGUS", ""} {
			for _, arg := range odd {
				go io.WriteString(c, verb+arg+"\r\nNOOP\r\n")
				line, next := c.line(), c.line()
				if line[0] != '!' || !showable(line) || next != "#OK." {
					t.Errorf("%q: got %q and %q", verb+arg, line, next)
				}
			}
		}
	}
}

func showable(s string) bool { return utf8.ValidString(s) && wire.Printable(s) == s }

// What speaks another protocol is not answered.
func TestForeignProtocols(t *testing.T) {
	s := newServer(t, t.TempDir(), nil)
	for _, first := range []string{
		"GET / HTTP/1.1\r\n", "POST /x HTTP/1.0\r\nHost: x\r\n\r\nAUTH passwd\r\n", "POST\r\n", "Host: x\r\nNOOP\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\nNOOP\r\n",
	} {
		for _, transport := range []string{"tcp", "pipe"} {
			c := greet(t, dialer(t, s, transport)())
			go io.WriteString(c, first)
			if rest, _ := io.ReadAll(c.r); len(rest) > 0 {
				t.Errorf("%s: %q was answered: %q", transport, first, rest)
			}
		}
	}
	c, err := net.Dial("tcp", dialer(t, s, "tcp")().RemoteAddr().String())
	harness.Must(t, err)
	defer c.Close()
	if err := tls.Client(c, &tls.Config{InsecureSkipVerify: true}).Handshake(); err == nil {
		t.Error("a handshake on a plain listener succeeded")
	}
	plain, err := net.Dial("tcp", dialer(t, s, "tls")().(*tls.Conn).NetConn().RemoteAddr().String())
	harness.Must(t, err)
	defer plain.Close()
	io.WriteString(plain, "AUTH passwd\r\nNOOP\r\n")
	if rest, _ := io.ReadAll(plain); bytes.Contains(rest, []byte("#")) {
		t.Errorf("plain text was answered: %q", rest)
	}
}
