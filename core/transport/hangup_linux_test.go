package transport

import (
	"io"
	"net"
	"testing"
	"time"
)

// HungUp tells a peer that is gone from one that has only ended its input.
// What the peer sent before can still be read.
func TestHungUp(t *testing.T) {
	for _, test := range []struct {
		name   string
		secure bool
		end    func(*net.TCPConn)
		want   bool
	}{
		{"there", false, func(*net.TCPConn) {}, false},
		{"there", true, func(*net.TCPConn) {}, false},
		{"half-closed", false, func(c *net.TCPConn) { c.CloseWrite() }, false},
		{"half-closed", true, func(c *net.TCPConn) { c.CloseWrite() }, true},
		{"reset", false, func(c *net.TCPConn) { c.SetLinger(0); c.Close() }, true},
		{"reset", true, func(c *net.TCPConn) { c.SetLinger(0); c.Close() }, true},
	} {
		c, client := kinds["tcp"](t)
		tcp := client.(*net.TCPConn)
		if test.secure {
			client = handshake(t, c, client)
		}
		io.WriteString(client, "hello")
		test.end(tcp)
		got := c.HungUp()
		for deadline := time.Now().Add(5 * time.Second); got != test.want && time.Now().Before(deadline); got = c.HungUp() {
			time.Sleep(time.Millisecond)
		}
		if got != test.want {
			t.Errorf("%s, TLS %v: HungUp is %v", test.name, test.secure, got)
		}
		if test.name == "reset" {
			continue // the kernel drops what wasn't read
		}
		b := make([]byte, 5)
		if _, err := io.ReadFull(c, b); string(b) != "hello" || err != nil {
			t.Errorf("%s, TLS %v: read %q, %v", test.name, test.secure, b, err)
		}
	}
	c, _ := kinds["pipe"](t)
	if c.HungUp() {
		t.Error("HungUp is true for a pipe")
	}
}
