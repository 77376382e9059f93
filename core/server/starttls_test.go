package server_test

import (
	"io"
	"net"
	"testing"

	"mts/core/server"
)

// STARTTLS begins a session anew: no greeting, no login, no modes.
func TestStartTLS(t *testing.T) {
	for _, transport := range []string{"tcp", "pipe"} {
		t.Run(transport, func(t *testing.T) {
			s := newServer(t, seedFiles(t), nil)
			c := enter(t, dialer(t, s, transport)(), "OPTS NOTICES ON", "USER ann", "MODE BLOCK", "STARTTLS")
			id := s.Sessions()[0].ID
			secure := overTLS(c.Conn)
			c.Conn = secure
			c.r.Reset(secure)
			c.send("FILE setup.log")
			c.want("!You are not logged in.")
			if all := s.Sessions(); len(all) != 1 || all[0].ID != id || !all[0].TLS || all[0].User != "" {
				t.Errorf("sessions are %v; want number %d, with TLS, of nobody", all, id)
			}
			if n := len(s.Notify(nil, "lost")); n != 0 {
				t.Errorf("%d sessions took a notice; none asked for any after STARTTLS", n)
			}
			c.send("AUTH passwd", "FILE setup.log", "STARTTLS", "MODE BLOCK", "STARTTLS", "QUIT")
			c.want("#You are logged in.", "line one\n#not a reply\n#File setup.log sent successfully.",
				"!TLS is already on.", "#Mode is BLOCK.", "![code=usage] TLS is already on.")
			c.wantEnd("")
		})
	}
}

// Commands behind STARTTLS would be taken for ones that came by TLS.
func TestStartTLSRefused(t *testing.T) {
	for _, test := range []struct{ name, input, want string }{
		{"data behind", "STARTTLS\r\nNOOP\r\n", "!Nothing may follow STARTTLS.\r\n"},
		{"half a line behind", "STARTTLS\nX", "!Nothing may follow STARTTLS.\r\n"},
		{"data behind, in blocks", "MODE BLOCK\nSTARTTLS\nNOOP\n", "#Mode is BLOCK.\r\n![code=usage] Nothing may follow STARTTLS.\r\n"},
		{"argument", "STARTTLS now\r\nQUIT\r\n", "!Usage: STARTTLS\r\n"},
	} {
		s := newServer(t, t.TempDir(), nil)
		for _, transport := range []string{"tcp", "pipe"} {
			t.Run(test.name+"/"+transport, func(t *testing.T) {
				c := greet(t, dialer(t, s, transport)())
				go io.WriteString(c, test.input)
				c.wantEnd(test.want)
			})
		}
	}
	t.Run("no TLS", func(t *testing.T) {
		s := newServer(t, t.TempDir(), func(c *server.Config) { c.TLS = nil })
		c := greet(t, dialer(t, s, "pipe")())
		c.send("STARTTLS")
		c.want("!Invalid command.")
		if err := s.ServeTLS(&net.TCPListener{}); err == nil {
			t.Error("a TLS listener without a certificate was served")
		}
	})
}

// A handshake that isn't one ends the session, without a word in plain text.
func TestStartTLSBroken(t *testing.T) {
	s := newServer(t, t.TempDir(), nil)
	c := greet(t, dialer(t, s, "tcp")())
	c.send("STARTTLS")
	c.want("#Ready to start TLS.")
	c.send("NOOP")
	if rest, _ := io.ReadAll(c.r); len(rest) > 0 && rest[0] != 0x15 {
		t.Errorf("got %q; want nothing or an alert", rest)
	}
}
