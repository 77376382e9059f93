package cmd_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"mts/core/harness"
)

const haproxyConfig = `global
  maxconn 100
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
%s`

// startProxy starts HAProxy, with a frontend for each backend. They are lines like
// "127.0.0.1:6870 send-proxy check". It returns the addresses of the frontends.
func startProxy(t *testing.T, backends ...string) (fronts []string) {
	t.Helper()
	path, err := exec.LookPath("haproxy")
	if err != nil {
		t.Skip("haproxy isn't installed")
	}
	sections := ""
	for i, backend := range backends {
		ln, err := net.Listen("tcp", "127.0.0.1:0") // HAProxy doesn't tell which port it has
		harness.Must(t, err)
		addr := ln.Addr().String()
		ln.Close()
		fronts = append(fronts, addr)
		sections += fmt.Sprintf("listen l%d\n  bind %s\n  server s %s\n", i, addr, backend)
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	write(t, file, fmt.Sprintf(haproxyConfig, sections))
	cmd := exec.Command(path, "-f", file, "-db")
	cmd.Stderr = os.Stderr
	harness.Must(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for _, addr := range fronts {
		harness.Eventually(t, "HAProxy to listen", func() bool {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				c.Close()
			}
			return err == nil
		})
	}
	return fronts
}

// Behind HAProxy, the client that guesses is banned, over either version of the
// header and either kind of listener, and the others are served. Health checks of
// the proxy cost nothing.
func TestBehindHAProxy(t *testing.T) {
	t.Parallel()
	v := newVictim(t, victimConfig)
	endServing(t, v.cmd)
	root := filepath.Dir(v.dir)
	file := filepath.Join(root, "mtsd.toml")
	write(t, file, "[server]\nproxy_protocol_from = [\"127.0.0.1\"]\n"+strings.NewReplacer(`"log"`, strconv.Quote(v.log), `login = "2s"`, "").Replace(victimConfig))
	v.cmd, v.addrs = serving(t, nil, "", "--config", file, "--users", filepath.Join(root, "users"),
		"--listen", "127.0.0.1:0", "--plain", "127.0.0.1:0", v.dir)
	plain, secure := v.addrs["plain"], v.addrs["tls"]
	fronts := startProxy(t,
		plain+" send-proxy check inter 50ms", plain+" send-proxy-v2 check inter 50ms",
		secure+" send-proxy", secure+" send-proxy-v2")
	for i, front := range fronts {
		from := fmt.Sprint("127.0.20.", i+1)
		c := v.through(t, front, from, i >= 2)
		c.says("USER ann")
		if got := c.says("AUTH " + v.token); got != "#You are logged in." {
			t.Errorf("front %d: %q", i, got)
		}
		if got := c.says("FILE small"); got != "an honest file" {
			t.Errorf("front %d: %q", i, got)
		}
		log, err := os.ReadFile(v.log)
		harness.Must(t, err)
		if !strings.Contains(string(log), "remote="+from+":") {
			t.Errorf("front %d: the log doesn't name the client", i)
		}
	}
	c := v.through(t, fronts[0], "127.0.20.9", false)
	for range 6 {
		c.says("AUTH guess")
	}
	if got := c.says("AUTH guess"); got != "!Try again later." {
		t.Errorf("a guesser is answered %q", got)
	}
	v.through(t, fronts[0], "127.0.20.10", false).says("NOOP")
	direct, err := net.Dial("tcp", plain)
	harness.Must(t, err)
	defer direct.Close()
	direct.SetDeadline(time.Now().Add(limit))
	if got, _ := io.ReadAll(direct); len(got) > 0 {
		t.Errorf("without a header: %q", got)
	}
	v.survived()
}

// through connects by a proxy and reads the greeting.
func (v *victim) through(t *testing.T, front, from string, secure bool) *talker {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: limit}
	c, err := d.Dial("tcp", front)
	harness.Must(t, err)
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(limit))
	if secure {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	talk := &talker{c, bufio.NewReader(c), t}
	if got := talk.says(""); got != "#Server Ready." {
		t.Fatalf("got %q", got)
	}
	return talk
}
