package server_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mts/core/server"
	"mts/core/wire"
)

// A client speaks the protocol for a test, which ends when it is surprised.
type client struct {
	net.Conn
	r *bufio.Reader
	t testing.TB
}

// greet returns a client on c, which has to be greeted.
func greet(t testing.TB, c net.Conn) *client {
	t.Helper()
	cl := &client{c, newReader(c), t}
	cl.want("#Server Ready.")
	return cl
}

// enter is greet with a login, and with the commands that have to succeed
// behind it.
func enter(t testing.TB, c net.Conn, commands ...string) *client {
	t.Helper()
	cl := greet(t, c)
	cl.send("AUTH passwd")
	cl.want("#You are logged in.")
	for _, command := range commands {
		cl.send(command)
		if line := cl.line(); line[0] != '#' {
			t.Fatalf("%s: %s", command, line)
		}
	}
	return cl
}

func (c *client) send(lines ...string) {
	c.t.Helper()
	if _, err := io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		c.t.Fatalf("send %.100q: %v", lines, err)
	}
}

// line returns the next line without its ending.
func (c *client) line() string {
	c.t.Helper()
	line, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatalf("got %.200q, %v; want a line", line, err)
	}
	return strings.TrimSuffix(line, "\r\n")
}

func (c *client) want(lines ...string) {
	c.t.Helper()
	for _, line := range lines {
		expect(c.t, c.r, "reply", line+"\r\n")
	}
}

// wantEnd reads the rest, which has to be last, up to a proper end.
func (c *client) wantEnd(last string) {
	c.t.Helper()
	if rest, err := io.ReadAll(c.r); err != nil || string(rest) != last {
		c.t.Fatalf("got %.200q, %v; want %q and the end", rest, err, last)
	}
	if c.isTLS() && !c.notified() {
		c.t.Error("no close_notify at a proper end")
	}
}

// wantCut reads the rest, in which there must be no success, up to an end
// that under TLS isn't a proper one.
func (c *client) wantCut() {
	c.t.Helper()
	if rest, _ := io.ReadAll(c.r); bytes.Contains(rest, []byte("sent successfully")) {
		c.t.Error("a broken transfer succeeded")
	}
	if c.isTLS() && c.notified() {
		c.t.Error("close_notify after a broken transfer")
	}
}

func (c *client) isTLS() bool {
	_, ok := c.Conn.(*tls.Conn)
	return ok
}

// notified reports whether the last that came by TLS 1.3 was a close_notify.
// Go's client takes any end between two records for a proper one.
func (c *client) notified() bool {
	last := c.Conn.(*tls.Conn).NetConn().(*tail).last
	return bytes.HasPrefix(last, []byte{0x17, 3, 3, 0, 19})
}

// overTLS returns a TLS client's connection over c.
func overTLS(c net.Conn) *tls.Conn {
	return tls.Client(&tail{Conn: c}, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"mts/1"}})
}

// A tail is a connection that keeps the last bytes that were read from it, as
// many as an encrypted alert has.
type tail struct {
	net.Conn
	last []byte
}

func (c *tail) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.last = append(c.last, p[:n]...)
	c.last = c.last[max(0, len(c.last)-24):]
	return n, err
}

// transports names the kinds of connections that tests run over.
var transports = []string{"tcp", "tls", "pipe"}

// dialer returns how to connect to s over a transport.
func dialer(t testing.TB, s *server.Server, transport string) func() net.Conn {
	t.Helper()
	if transport == "pipe" {
		return func() net.Conn {
			c := pipe(t, s)
			c.SetDeadline(time.Now().Add(20 * time.Second))
			return c
		}
	}
	return listen(t, s, transport == "tls")
}

// overAll runs a test over all transports.
func overAll(t *testing.T, s *server.Server, test func(t *testing.T, dial func() net.Conn)) {
	t.Helper()
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) { test(t, dialer(t, s, transport)) })
	}
}

// pipe returns a plain connection to s through memory, for bubbles, where a
// hang is found without a deadline.
func pipe(t testing.TB, s *server.Server) net.Conn {
	client, end := net.Pipe()
	s.ServeConn(end, false)
	t.Cleanup(func() { client.Close() })
	return client
}

// blocks reads a whole reply of block mode.
func (c *client) blocks(max int64) (wire.Reply, []byte, error) {
	var data bytes.Buffer
	reply, err := wire.NewReplyReader(c.r).ReadReply(&data, max)
	return reply, data.Bytes(), err
}

func newReader(c net.Conn) *bufio.Reader { return bufio.NewReaderSize(c, wire.MaxStatus) }
