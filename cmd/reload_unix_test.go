//go:build unix

package cmd_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mts/core/harness"
)

// A talker is a session that goes on while the server changes.
type talker struct {
	net.Conn
	r *bufio.Reader
	t *testing.T
}

func dial(t *testing.T, addr string) *talker {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(limit))
	return &talker{c, bufio.NewReader(c), t}
}

// says sends a line, unless it is "", and returns the reply's first one.
func (c *talker) says(line string) string {
	c.t.Helper()
	if line != "" {
		fmt.Fprintf(c, "%s\r\n", line)
	}
	reply, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatalf("%s: got %q, %v", line, reply, err)
	}
	return strings.TrimRight(reply, "\r\n")
}

func mtsd(t *testing.T, stdin string, args ...string) {
	t.Helper()
	cmd := exec.Command("mtsd", args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mtsd %q: %v, %s", args, err, out)
	}
}

// A site is a server with files of its own, and a log that a test can wait for.
type site struct {
	t   *testing.T
	dir string
	cmd *exec.Cmd
	log string
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

// hup sends SIGHUP and waits until the log says something about it.
func (s *site) hup(want string) {
	s.t.Helper()
	seen := strings.Count(s.text(), want)
	s.cmd.Process.Signal(syscall.SIGHUP)
	harness.Eventually(s.t, want, func() bool { return strings.Count(s.text(), want) > seen })
}

func (s *site) text() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

const siteConfig = `[server]
listen = []
plain = ["127.0.0.1:0"]
[auth]
users = "users"
[log]
file = "log"
[[export]]
path = "/"
dir = "old"
`

// newSite starts a server of siteConfig, with the accounts ann and bob.
func newSite(t *testing.T) (*site, string) {
	s := &site{t: t, dir: t.TempDir()}
	s.log = s.path("log")
	write(t, s.path("mtsd.toml"), siteConfig)
	write(t, s.path("old/a"), "old\n")
	write(t, s.path("new/a"), "new\n")
	for _, name := range []string{"ann", "bob"} {
		mtsd(t, name+"\n", "user", "add", "--users", s.path("users"), name)
	}
	cmd, addrs := serving(t, nil, "", "--config", s.path("mtsd.toml"))
	s.cmd = cmd
	return s, addrs["plain"]
}

// Exports, accounts and limits change under the sessions that are there.
func TestReload(t *testing.T) {
	s, addr := newSite(t)
	ann := dial(t, addr)
	ann.says("")
	ann.says("USER ann")
	ann.says("AUTH ann")
	if got := ann.says("FILE a"); got != "old" {
		t.Fatalf("got %q", got)
	}
	ann.says("")

	write(t, s.path("mtsd.toml"), strings.Replace(siteConfig, `"old"`, `"new"`, 1)+"[user.ann]\nverbs = [\"FILE\"]\n")
	s.hup("msg=reload part=config\n")
	if got := ann.says("FILE a"); got != "new" {
		t.Errorf("after the reload of the exports: %q", got)
	}
	ann.says("")
	if got := ann.says("LIST /"); got[0] != '!' {
		t.Errorf("after the reload of the grants: %q", got)
	}

	write(t, s.path("mtsd.toml"), strings.Replace(siteConfig, "plain", "plane", 1))
	s.hup("mtsd.toml:3: server.plane: unknown key")
	write(t, s.path("mtsd.toml"), strings.Replace(siteConfig, `"old"`, `"gone"`, 1))
	s.hup("mtsd.toml:10: export.dir: ")
	if got := ann.says("FILE a"); got != "new" {
		t.Errorf("after a bad reload: %q", got)
	}
	ann.says("")

	write(t, s.path("mtsd.toml"), strings.Replace(siteConfig, "127.0.0.1:0", "127.0.0.1:1", 1))
	s.hup("key=server.plain")
	if got := ann.says("LIST /"); got[0] == '!' {
		t.Errorf("after the reload back: %q", got)
	}
	endServing(t, s.cmd)
}

// Without any signal, sessions end whose account isn't what it was.
func TestChangedAccountsLoseTheirSessions(t *testing.T) {
	t.Parallel()
	s, addr := newSite(t)
	sessions := map[string]*talker{}
	for _, name := range []string{"ann", "bob"} {
		c := dial(t, addr)
		c.says("")
		c.says("USER " + name)
		if got := c.says("AUTH " + name); got[0] != '#' {
			t.Fatal(got)
		}
		sessions[name] = c
	}
	mtsd(t, "other\n", "user", "passwd", "--users", s.path("users"), "ann")
	if got := sessions["ann"].says(""); got != "!Disconnected: Your account has changed." {
		t.Errorf("with a changed password: %q", got)
	}
	if got := sessions["bob"].says("NOOP"); got != "#OK." {
		t.Errorf("of another account: %q", got)
	}
	mtsd(t, "", "user", "del", "--users", s.path("users"), "bob")
	if got := sessions["bob"].says(""); got != "!Disconnected: Your account has changed." {
		t.Errorf("with a removed account: %q", got)
	}
	endServing(t, s.cmd)
}

// Fifty SIGHUPs at once are as good as one.
func TestManyReloads(t *testing.T) {
	s, addr := newSite(t)
	c := dial(t, addr)
	c.says("")
	for range 50 {
		s.cmd.Process.Signal(syscall.SIGHUP)
		if got := c.says("NOOP"); got != "#OK." {
			t.Fatal(got)
		}
	}
	s.hup("msg=reload part=plugins\n")
	if got := c.says("NOOP"); got != "#OK." {
		t.Fatal(got)
	}
	endServing(t, s.cmd)
}
