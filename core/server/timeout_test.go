package server_test

import (
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mts/core/server"
)

// inBubble runs a test of a server of the folder dir with a clock of its own.
func inBubble(t *testing.T, dir string, change func(*server.Config), test func(*testing.T, *server.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newServer(t, dir, change)) })
}

// lasts checks that the rest of a session takes d, and is what was wanted.
func (c *client) lasts(d time.Duration, rest string) {
	c.t.Helper()
	start := time.Now()
	c.wantEnd(rest)
	if took := time.Since(start); took != d {
		c.t.Errorf("the session ended after %v; want %v", took, d)
	}
}

// drip writes one byte of s after each pause, until the connection ends.
func drip(c net.Conn, s string, pause time.Duration) {
	for i := range s {
		time.Sleep(pause)
		if _, err := c.Write([]byte(s[i : i+1])); err != nil {
			return
		}
	}
}

func TestTimeouts(t *testing.T) {
	const timeout = "!Timeout.\r\n"
	for _, test := range []struct {
		name  string
		login bool
		input func(c *client)
		after time.Duration
		want  string
	}{
		{"login", false, nil, 30 * time.Second, timeout},
		{"login, dripping", false, func(c *client) { drip(c, "NOOP NOOP NOOP", 3*time.Second) }, 13 * time.Second, timeout},
		{"login, busy", false, func(c *client) {
			for range 9 {
				drip(c, "\n", 3*time.Second)
			}
			drip(c, "x", time.Second)
		}, 30 * time.Second, "!Invalid command.\r\n!Invalid command.\r\n!Invalid command.\r\n!Invalid command.\r\n" +
			"!Invalid command.\r\n!Invalid command.\r\n!Invalid command.\r\n!Invalid command.\r\n!Invalid command.\r\n" + timeout},
		{"line", true, func(c *client) { io.WriteString(c, "NOOP") }, 10 * time.Second, timeout},
		{"line, dripping", true, func(c *client) { drip(c, "FILE a/b/c/d", 2*time.Second) }, 12 * time.Second, timeout},
		{"line behind another", true, func(c *client) { io.WriteString(c, "NOOP\nNO") }, 10 * time.Second, "#OK.\r\n" + timeout},
		{"line too long", true, func(c *client) {
			c.Write(make([]byte, 20000))
			drip(c, "0123456789abcdef", time.Second)
		}, 10 * time.Second, timeout},
		{"idle", true, nil, 10 * time.Minute, timeout},
		{"idle, in blocks", true, func(c *client) { c.send("MODE BLOCK") }, 10 * time.Minute,
			"#Mode is BLOCK.\r\n![code=timeout] Timeout.\r\n"},
		{"idle again", true, func(c *client) { drip(c, "\n\n", 9*time.Minute) }, 28 * time.Minute,
			"!Invalid command.\r\n!Invalid command.\r\n" + timeout},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, t.TempDir(), nil, func(t *testing.T, s *server.Server) {
				begin := greet
				if test.login {
					begin = func(t testing.TB, c net.Conn) *client { return enter(t, c) }
				}
				c := begin(t, pipe(t, s))
				var typing sync.WaitGroup
				if test.input != nil {
					typing.Go(func() { test.input(c) })
				}
				c.lasts(test.after, test.want)
				typing.Wait()
			})
		})
	}
}

func TestHandshakeTimeout(t *testing.T) {
	for name, input := range map[string]string{"silent": "", "half a hello": "\x16\x03\x01\x02\x00\x01"} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, t.TempDir(), nil, func(t *testing.T, s *server.Server) {
				near, far := net.Pipe()
				s.ServeConn(far, true)
				go io.WriteString(near, input)
				c := &client{near, newReader(near), t}
				c.lasts(5*time.Second, "")
			})
		})
	}
	t.Run("STARTTLS", func(t *testing.T) {
		inBubble(t, t.TempDir(), nil, func(t *testing.T, s *server.Server) {
			c := enter(t, pipe(t, s), "STARTTLS")
			c.lasts(5*time.Second, "")
		})
	})
}

// The time to log in runs from the accept on, whatever is done in it.
func TestLoginTimeoutTLS(t *testing.T) {
	inBubble(t, t.TempDir(), nil, func(t *testing.T, s *server.Server) {
		near, far := net.Pipe()
		s.ServeConn(far, true)
		time.Sleep(4 * time.Second)
		c := greet(t, overTLS(near))
		c.lasts(26*time.Second, "!Timeout.\r\n")
	})
}

// A login that fails late in a session doesn't end it at once.
func TestFailedLoginLate(t *testing.T) {
	inBubble(t, t.TempDir(), nil, func(t *testing.T, s *server.Server) {
		c := enter(t, pipe(t, s))
		time.Sleep(5 * time.Minute)
		c.send("AUTH wrong")
		c.want("!Bad password.")
		time.Sleep(29 * time.Second)
		c.send("AUTH passwd")
		c.want("#You are logged in.")
		time.Sleep(9 * time.Minute)
		c.send("AUTH wrong")
		c.want("!Bad password.")
		c.lasts(30*time.Second, "!Timeout.\r\n")
	})
}

// A reader has to make progress; how fast is up to it.
func TestWriteTimeout(t *testing.T) {
	dir := t.TempDir()
	const size = 4 << 20
	writeFile(t, dir, "big", size)
	for _, test := range []struct {
		name string
		rate int // bytes a second
		cut  bool
	}{
		{"64 KiB/s", 64 << 10, false},
		{"10 KiB/s", 10 << 10, false},
		{"10 B/s", 10, true},
		{"nothing", 0, true},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				inBubble(t, dir, nil, func(t *testing.T, s *server.Server) {
					near, far := net.Pipe()
					s.ServeConn(far, secure)
					var conn net.Conn = near
					if secure {
						conn = overTLS(near)
					}
					c := enter(t, conn)
					c.send("FILE big")
					start := time.Now()
					n, err := trickle(near, test.rate)
					if whole := n > size && time.Since(start) > time.Minute; whole == test.cut {
						t.Errorf("got %d bytes, %v in %v", n, err, time.Since(start))
					}
				})
			})
		}
	}
}

// trickle reads at most rate bytes a second, until a second brings nothing.
func trickle(c net.Conn, rate int) (n int64, err error) {
	b := make([]byte, rate)
	if rate == 0 {
		time.Sleep(31 * time.Second)
		b = make([]byte, 1)
	}
	for err == nil {
		var m int
		c.SetReadDeadline(time.Now().Add(time.Second))
		m, err = io.ReadFull(c, b)
		n += int64(m)
		time.Sleep(time.Second)
	}
	return n, err
}
