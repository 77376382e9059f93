package server_test

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"mts/core"
	"mts/core/builtin"
	"mts/core/harness"
	"mts/core/server"
)

// Who comes when all sessions are taken is told and sent away. Others don't
// notice, and those who are being sent away take nobody's place.
func TestMaxSessions(t *testing.T) {
	for _, secure := range []bool{false, true} {
		inBubble(t, t.TempDir(), func(c *server.Config) { c.MaxSessions = 2 }, func(t *testing.T, s *server.Server) {
			dial := func() net.Conn {
				near, far := net.Pipe()
				s.ServeConn(far, secure)
				t.Cleanup(func() { near.Close() })
				if secure {
					return overTLS(near)
				}
				return near
			}
			first, second := enter(t, dial()), enter(t, dial())
			var late []net.Conn
			for range 300 {
				late = append(late, dial())
			}
			synctest.Wait()
			first.send("QUIT")
			first.wantEnd("")
			synctest.Wait()
			third := enter(t, dial())
			told := 0
			for _, c := range late {
				line, _ := io.ReadAll(c)
				switch string(line) {
				case "!Too many connections.\r\n":
					told++
				case "": // one client is told once a second
				default:
					t.Errorf("got %q", line)
				}
			}
			if told != 1 {
				t.Errorf("%d were told; want 1", told)
			}
			for _, c := range []*client{second, third} {
				c.send("NOOP")
				c.want("#OK.")
			}
		})
	}
}

// A command that panics costs its caller one reply, and nobody else anything.
func TestPanic(t *testing.T) {
	var log harness.Log
	s := newServer(t, t.TempDir(), func(c *server.Config) {
		logTo(&log)(c)
		c.Commands = append(c.Commands,
			core.Command{Verb: "CRASH", Open: true, Run: func(c *core.Call) error {
				c.Printf("some")
				panic("oh no")
			}},
			core.Command{Verb: "FALL", Open: true, Run: func(*core.Call) error {
				var nowhere *int
				*nowhere = 1
				return nil
			}},
			core.Command{Verb: "FAIL", Open: true, Run: func(*core.Call) error { return errors.New("/secret/path: broken") }})
	})
	c := greet(t, dialer(t, s, "pipe")())
	c.send("FALL")
	c.want("!Internal error.")
	c.send("FAIL")
	c.want("!Internal error.")
	c.send("MODE BLOCK")
	c.want("#Mode is BLOCK.")
	c.send("CRASH", "FALL")
	c.want("$4", "some![code=internal] Internal error.", "![code=internal] Internal error.")
	c.send("MODE STREAM")
	c.want("#Mode is STREAM.")
	other := greet(t, dialer(t, s, "pipe")())
	c.send("CRASH") // the data is out, and mustn't end in what looks like more
	c.wantCut()
	other.send("NOOP")
	other.want("#OK.")
	if n := log.Count("oh no"); n != 2 {
		t.Errorf("the panic is %d times in the log; want 2", n)
	}
	if n := log.Count("nil pointer"); n != 2 {
		t.Errorf("the nil pointer is %d times in the log; want 2", n)
	}
	if log.Count("/secret/path") == 0 {
		t.Error("the cause of an internal error isn't in the log")
	}
}

func TestOneVerbTwice(t *testing.T) {
	_, err := server.New(server.Config{Commands: append(builtin.Commands(), core.Command{Verb: "QUIT"})})
	if err == nil {
		t.Error("QUIT was replaced")
	}
}

// An account sees and does no more than it is granted, from login to login.
func TestGrants(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"pub/open", "pub/deep/open", "private/closed"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, dir, name, 0)
	}
	s := newServer(t, dir, func(c *server.Config) {
		c.Auth = anybody
		c.Grant = func(user string) server.Grant {
			return map[string]server.Grant{
				"ann": {Exports: []string{"/pub"}, Verbs: []string{"FILE", "list"}},
				"nil": {Exports: []string{}, Verbs: []string{}},
			}[user]
		}
	})
	for _, test := range []struct{ user, command, want string }{
		{"ann", "FILE pub/open", "#File pub/open sent successfully."},
		{"ann", `file \pub\deep\open`, `#File \pub\deep\open sent successfully.`},
		{"ann", "FILE private/closed", "!File private/closed could not be opened."},
		{"ann", "FILE c:/pub/open", "!File c:/pub/open could not be opened."},
		{"ann", "FILE pub/../private/closed", "!File pub/../private/closed could not be opened."},
		{"ann", "LIST private", "!Folder private could not be opened."},
		{"ann", "LIST /", "type=dir;modify=*;unique=*; pub\n#OK."},
		{"ann", "STAT pub/open", "!Invalid command."},
		{"ann", "HELP HASH", "!There is no verb HASH."},
		{"ann", "NOOP", "#OK."},
		{"nil", "FILE pub/open", "!Invalid command."},
		{"nil", "LIST", "!Invalid command."},
		{"bob", "FILE c:/private/closed", "#File c:/private/closed sent successfully."},
	} {
		c := greet(t, dialer(t, s, "pipe")())
		for _, user := range []string{"bob", "ann", test.user} {
			c.send("USER "+user, "AUTH x")
			c.want("#Password required.", "#You are logged in.")
		}
		c.send(test.command)
		t.Log(test.user, test.command)
		c.want(test.want)
	}
}

// anybody may log in.
var anybody = harness.Accounts(func(string, string) bool { return true })

// Beyond loopback a password needs TLS.
func TestPlaintextLogin(t *testing.T) {
	for _, test := range []struct {
		insecure bool
		want     string
	}{
		{false, "![code=tls-required] TLS is required to log in."},
		{true, "#You are logged in."},
	} {
		s := newServer(t, t.TempDir(), func(c *server.Config) { c.InsecurePlaintext = test.insecure })
		near, far := net.Pipe()
		s.ServeConn(distant{far}, false)
		c := greet(t, near)
		c.send("MODE BLOCK", "AUTH passwd")
		c.want("#Mode is BLOCK.", test.want)
		near.Close()

		near, far = net.Pipe()
		s.ServeConn(distant{far}, true)
		enter(t, overTLS(near)).Close()
	}
}

// A distant connection came in over a network.
type distant struct{ net.Conn }

func (distant) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 6871} }
