package server_test

import (
	"context"
	"net"
	"runtime"
	"testing"
	"time"

	"mts/core"
	"mts/core/harness"
	"mts/core/server"
)

// The ways in which a client is gone, or isn't.
var partings = []struct {
	name, transport string
	part            func(net.Conn)
	gone            bool
}{
	{"reset", "tcp", reset, true},
	{"reset", "tls", func(c net.Conn) { reset(c.(interface{ NetConn() net.Conn }).NetConn().(*tail).Conn) }, true},
	{"closed", "tls", func(c net.Conn) { c.Close() }, true},
	{"half-closed", "tcp", func(c net.Conn) { c.(*net.TCPConn).CloseWrite() }, false},
	{"half-closed", "tls", func(c net.Conn) { c.(interface{ CloseWrite() error }).CloseWrite() }, false},
}

func reset(c net.Conn) {
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

// A context of a command, a hook or a login ends with the hang-up of the client,
// and not with a half-close. Commands that the client sent before change nothing.
func TestHangUp(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a hang-up is noticed on Linux")
	}
	for _, when := range []string{"SLOW", "connect", "login", "open"} {
		for _, test := range partings {
			if !test.gone && when != "SLOW" {
				continue
			}
			t.Run(when+"/"+test.name+"/"+test.transport, func(t *testing.T) {
				w := &waiter{began: make(chan bool, 1), ended: make(chan error, 1), release: make(chan bool)}
				s := newServer(t, t.TempDir(), func(c *server.Config) {
					c.Commands = append(c.Commands, core.Command{Verb: "SLOW", Run: w.wait})
				})
				hooks := map[string]core.Hooks{"connect": {Connect: w.wait}, "login": {Login: w.wait}, "open": {Open: w.wait}}
				harness.Must(t, s.SetPlugins([]core.Plugin{{Name: "slow", Hooks: hooks[when]}}))
				c := dialer(t, s, test.transport)()
				cl := &client{c, newReader(c), t}
				cl.send("AUTH passwd", "SLOW", "FILE x", "NOOP")
				<-w.began
				test.part(c)
				if test.gone {
					if err := <-w.ended; err == nil {
						t.Error("the command was told nothing")
					}
					harness.Eventually(t, "the end of the session", func() bool { return len(s.Sessions()) == 0 })
					return
				}
				time.Sleep(600 * time.Millisecond) // two checks
				close(w.release)
				if err := <-w.ended; err != nil {
					t.Errorf("the half-close ended the context: %v", err)
				}
			})
		}
	}
}

// A waiter is a command or a hook that waits for its context, or for release.
type waiter struct {
	began, release chan bool
	ended          chan error
}

func (w *waiter) wait(c *core.Call) error {
	select {
	case w.began <- true:
	default:
	}
	var err error
	select {
	case <-c.Context().Done():
		err = context.Cause(c.Context())
	case <-w.release:
	}
	select {
	case w.ended <- err:
	default:
	}
	return err
}
