package server_test

import (
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"

	"mts/core/harness"
	"mts/core/limit"
	"mts/core/server"
)

// proxied trusts headers from 127.0.0.2.
func proxied(c *server.Config) {
	c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}
}

// header returns a PROXY header for a client that has connected to a local address.
func header(t *testing.T, version byte, client string) string {
	t.Helper()
	return headerTo(t, version, client, "127.0.0.1:6870")
}

func headerTo(t *testing.T, version byte, client, local string) string {
	t.Helper()
	addr := func(s string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }
	h := proxyproto.HeaderProxyFromAddrs(version, addr(client), addr(local))
	if version == 2 {
		harness.Must(t, h.SetTLVs([]proxyproto.TLV{{Type: 0x04, Value: make([]byte, 100)}}))
	}
	text, err := h.Format()
	harness.Must(t, err)
	return string(text)
}

// The client is the one that the header names, over each listener, also if the
// header and what follows come in one piece or byte by byte.
func TestProxyHeader(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := newServer(t, seedFiles(t), proxied)
		dial := from(t, s, false)
		if secure {
			dial = fromBelowTLS(t, s)
		}
		for _, client := range []string{"192.0.2.1:5000", "[2001:db8::1]:5000"} {
			for _, version := range []byte{1, 2} {
				conn := dial("127.0.0.2")
				text := header(t, version, client)
				io.WriteString(conn, text[:20])
				time.Sleep(time.Millisecond)
				io.WriteString(conn, text[20:])
				if secure {
					conn = overTLS(conn)
				}
				c := enter(t, conn)
				if all := s.Sessions(); len(all) != 1 || all[0].Remote != client {
					t.Errorf("sessions %v; want one of %s", all, client)
				}
				c.send("FILE setup.log", "QUIT")
				c.want("line one\n#not a reply\n#File setup.log sent successfully.")
				c.wantEnd("")
				conn.Close()
				harness.Eventually(t, "the session to be gone", func() bool { return len(s.Sessions()) == 0 })
			}
		}
	}
}

// fromBelowTLS is from for a TLS listener, without the handshake.
func fromBelowTLS(t *testing.T, s *server.Server) func(string) net.Conn {
	dial := from(t, s, true)
	return func(addr string) net.Conn { return dial(addr).(interface{ NetConn() net.Conn }).NetConn().(*tail).Conn }
}

// What is sent with the header belongs to the session.
func TestProxyHeaderAndMore(t *testing.T) {
	s := newServer(t, t.TempDir(), proxied)
	dial := from(t, s, false)
	for _, version := range []byte{1, 2} {
		conn := dial("127.0.0.2")
		io.WriteString(conn, header(t, version, "127.0.0.9:1")+"AUTH passwd\r\nNOOP\r\n")
		greet(t, conn).want("#You are logged in.", "#OK.")
	}
}

// The limits are the client's. The proxy, and other clients behind it, have theirs.
func TestProxyLimits(t *testing.T) {
	s := newServer(t, t.TempDir(), func(c *server.Config) {
		proxied(c)
		c.Limits = limit.New(limit.Policy{Failures: 3, BanTime: time.Hour})
	})
	dial := from(t, s, false)
	through := func(client string) net.Conn {
		conn := dial("127.0.0.2")
		io.WriteString(conn, header(t, 2, client))
		return conn
	}
	local := greet(t, through("127.0.0.7:1"))
	for range 3 {
		local.send("AUTH wrong")
		local.want("!Bad password.")
	}
	turnedAway(t, through("127.0.0.7:2"), "!Try again later.")
	enter(t, through("127.0.0.8:1"))
	conn := dial("127.0.0.2")
	io.WriteString(conn, "PROXY UNKNOWN\r\n")
	enter(t, conn)
}

// A password needs TLS if the client has connected to the proxy from another machine.
func TestPlaintextThroughProxy(t *testing.T) {
	conn := from(t, newServer(t, t.TempDir(), proxied), false)("127.0.0.2")
	io.WriteString(conn, headerTo(t, 2, "192.0.2.1:1", "192.0.2.9:6871"))
	c := greet(t, conn)
	c.send("AUTH passwd")
	c.want("!TLS is required to log in.")
}

// A header from elsewhere is refused, and so is none, or a wrong one, from a proxy.
func TestProxyHeaderRefused(t *testing.T) {
	s := newServer(t, t.TempDir(), func(c *server.Config) {
		proxied(c)
		c.Timeouts.Handshake = 100 * time.Millisecond
	})
	dial := from(t, s, false)
	for name, text := range map[string]string{
		"none": "", "a command": "AUTH passwd\r\nNOOP\r\nNOOP\r\n", "half": "PROXY TCP4 192.0.2.1",
		"no line": "PROXY TCP4 " + strings.Repeat("1", 200), "no address": "PROXY TCP4 x y 1 2\r\nmore",
		"long": "\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff", "like one": "PROXYTCP4 127.0.0.1 127.0.0.1 1 1\r\n",
	} {
		conn := dial("127.0.0.2")
		io.WriteString(conn, text)
		if got, _ := io.ReadAll(conn); len(got) > 0 {
			t.Errorf("%s: got %q", name, got)
		}
	}
	for _, version := range []byte{1, 2} {
		conn := dial("127.0.0.3")
		io.WriteString(conn, header(t, version, "127.0.0.7:1")+"AUTH passwd\r\nNOOP\r\n")
		if got, _ := io.ReadAll(conn); strings.Contains(string(got), "logged in") {
			t.Errorf("a header from elsewhere: %q", got)
		}
	}
	secure := fromBelowTLS(t, s)("127.0.0.3")
	io.WriteString(secure, header(t, 1, "127.0.0.7:1"))
	if err := overTLS(secure).Handshake(); err == nil {
		t.Error("a header from elsewhere comes before a handshake")
	}
}
