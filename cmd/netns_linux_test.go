package cmd_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mts/certs"
	"mts/core/auth"
	"mts/core/harness"
)

// A network is a namespace that is connected with another one, and nothing
// else.
type network struct {
	t    *testing.T
	name string
	file *os.File
}

// newNetworks returns two networks, for a server and for its clients.
func newNetworks(t *testing.T) (here, there *network) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil || os.Geteuid() != 0 {
		t.Skip("network namespaces take ip(8) and root")
	}
	here, there = newNetwork(t, "here"), newNetwork(t, "there")
	here.ip("link", "add", "here", "type", "veth", "peer", "name", "there", "netns", there.name)
	here.link("here", "fd00:1::1/64", "fd00:2::1/64", "10.99.0.1/24")
	there.link("there", "fd00:1::a/64", "fd00:1::b/64", "fd00:2::a/64", "10.99.0.10/24", "10.99.0.11/24")
	return here, there
}

func newNetwork(t *testing.T, name string) *network {
	t.Helper()
	n := &network{t: t, name: fmt.Sprintf("mts-%d-%s", os.Getpid(), name)}
	if out, err := exec.Command("ip", "netns", "add", n.name).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces: %v, %s", err, out)
	}
	t.Cleanup(func() { exec.Command("ip", "netns", "del", n.name).Run() })
	var err error
	if n.file, err = os.Open("/run/netns/" + n.name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.file.Close() })
	n.ip("link", "set", "lo", "up") // or else Go takes it that there is no IPv6
	return n
}

// ip runs ip(8) in the network.
func (n *network) ip(args ...string) {
	n.t.Helper()
	if out, err := exec.Command("ip", append([]string{"-n", n.name}, args...)...).CombinedOutput(); err != nil {
		n.t.Fatalf("ip %q: %v, %s", args, err, out)
	}
}

// link brings up a link with addresses, which are there at once.
func (n *network) link(name string, addrs ...string) {
	n.t.Helper()
	for _, addr := range addrs {
		args := []string{"addr", "add", addr, "dev", name}
		if strings.Contains(addr, ":") {
			args = append(args, "nodad")
		}
		n.ip(args...)
	}
	n.ip("link", "set", name, "up")
}

// in runs f in the network: what it starts or dials is there for good.
func (n *network) in(f func()) {
	n.t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	old, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		n.t.Fatal(err)
	}
	defer old.Close()
	if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
		n.t.Fatal(err)
	}
	defer unix.Setns(int(old.Fd()), unix.CLONE_NEWNET)
	f()
}

// connect connects from one of the network's addresses.
func (n *network) connect(from, to string) (conn net.Conn, err error) {
	n.t.Helper()
	n.in(func() {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: limit}
		if conn, err = d.Dial("tcp", to); err == nil {
			n.t.Cleanup(func() { conn.Close() })
			conn.SetDeadline(time.Now().Add(limit))
		}
	})
	return conn, err
}

// dial is connect for clients that have to be let in.
func (n *network) dial(from, to string) *talker {
	n.t.Helper()
	conn, err := n.connect(from, to)
	if err != nil {
		n.t.Fatal(err)
	}
	return &talker{conn, bufio.NewReader(conn), n.t}
}

// banned checks that a client is sent away at the door: with a reset, or in the
// clear with a word, if not too many were told before.
func (n *network) banned(from, to string) {
	n.t.Helper()
	conn, err := n.connect(from, to)
	var got string
	if err == nil {
		got, err = bufio.NewReader(conn).ReadString('\n')
	}
	if !strings.HasPrefix(got, "!") && !errors.Is(err, syscall.ECONNRESET) {
		n.t.Errorf("%s isn't banned, but got %q, %v", from, got, err)
	}
}

// A remote is a server in a network of its own.
type remote struct {
	*site
	there      *network // of the clients
	tls, plain string   // ports
	token      string   // of the account ann
}

const remoteConfig = `[server]
listen = ["0.0.0.0:0"]
plain = ["[::]:0"]
[auth]
users = "users"
[[export]]
path = "/"
dir = "files"
[log]
file = "log"
[limits]
login_failures = 3
`

// newRemote starts a server with more of a configuration.
func newRemote(t *testing.T, config string) *remote {
	t.Helper()
	here, there := newNetworks(t)
	r := &remote{site: &site{t: t, dir: t.TempDir()}, there: there}
	var hash string
	r.token, hash = auth.NewToken()
	r.log = r.path("log")
	write(t, r.path("mtsd.toml"), remoteConfig+config)
	write(t, r.path("users"), "ann:"+hash+"\n")
	write(t, r.path("files/big"), strings.Repeat("big\n", 8<<20))
	here.in(func() {
		var addrs map[string]string
		r.cmd, addrs = serving(t, nil, "", "--config", r.path("mtsd.toml"), "--state", r.path("state"), "--allow-root", "--insecure-plaintext")
		_, r.tls, _ = net.SplitHostPort(addrs["tls"])
		_, r.plain, _ = net.SplitHostPort(addrs["plain"])
	})
	return r
}

// secure is dial with TLS.
func (r *remote) secure(from, to string) *talker {
	r.t.Helper()
	c := r.there.dial(from, to)
	conn := tls.Client(c.Conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{certs.ALPN}})
	return &talker{conn, bufio.NewReader(conn), r.t}
}

// guess has n wrong passwords answered.
func (c *talker) guess(n int) {
	c.t.Helper()
	c.says("")
	c.says("USER ann")
	for i := range n {
		if got := c.says(fmt.Sprintf("AUTH wrong%d", i)); got[0] != '!' {
			c.t.Fatalf("got %q for a wrong password", got)
		}
	}
}

// welcome checks that a client can log in.
func (r *remote) welcome(c *talker) {
	r.t.Helper()
	for _, line := range []string{"", "USER ann", "AUTH " + r.token} {
		if got := c.says(line); got[0] != '#' {
			r.t.Errorf("%s isn't welcome, but got %q", c.LocalAddr(), got)
			return
		}
	}
}

// Who guesses from one address of an IPv6 /64 is banned at all of them, and
// nobody else is.
func TestPrefixIsOneClient(t *testing.T) {
	r := newRemote(t, "")
	near, far := "[fd00:1::1]:"+r.plain, "[fd00:2::1]:"+r.plain
	r.there.dial("fd00:1::a", near).guess(2)
	r.there.dial("fd00:1::b", near).guess(1)
	r.there.banned("fd00:1::a", near)
	r.there.banned("fd00:1::b", near)
	r.welcome(r.there.dial("fd00:2::a", far))
	r.welcome(r.there.dial("10.99.0.10", "10.99.0.1:"+r.plain))
	endServing(t, r.cmd)
	if bans, err := os.ReadFile(r.path("state/bans")); !strings.Contains(string(bans), `"fd00:1::/64"`) {
		t.Errorf("the bans are %s, %v", bans, err)
	}
}

// An IPv4 client is the same one on a listener of IPv6.
func TestMappedAddressIsTheSameClient(t *testing.T) {
	r := newRemote(t, "")
	mapped, plain := "10.99.0.1:"+r.plain, "10.99.0.1:"+r.tls
	r.there.dial("10.99.0.10", mapped).guess(2)
	r.secure("10.99.0.10", plain).guess(1)
	r.there.banned("10.99.0.10", mapped)
	r.there.banned("10.99.0.10", plain)
	r.welcome(r.there.dial("10.99.0.11", mapped))
	r.welcome(r.secure("10.99.0.11", plain))
	endServing(t, r.cmd)
	if strings.Contains(r.text(), "::ffff:") {
		t.Errorf("the log has mapped addresses:\n%s", r.text())
	}
}

// Clients vanish without a word: before a login, in a handshake, idle, and in
// the middle of transfers. Nothing is left of them.
func TestVanishedClients(t *testing.T) {
	r := newRemote(t, "[timeouts]\nhandshake = \"1s\"\nlogin = \"1s\"\nidle = \"1s\"\nwrite = \"1s\"\n")
	plain, secure := "[fd00:1::1]:"+r.plain, "10.99.0.1:"+r.tls
	before := r.descriptors()
	r.there.dial("fd00:1::a", plain).says("")
	r.there.dial("10.99.0.10", secure)
	r.welcome(r.there.dial("fd00:1::a", plain))
	for _, c := range []*talker{r.there.dial("fd00:1::a", plain), r.secure("10.99.0.10", secure)} {
		r.welcome(c)
		c.says("FILE big")
	}
	if n := r.descriptors() - before; n < 5 {
		t.Fatalf("5 clients have %d descriptors", n)
	}
	r.there.ip("link", "set", "there", "down")
	harness.Eventually(t, "the end of those who vanished", func() bool { return r.descriptors() <= before })
	r.there.ip("link", "set", "there", "up")
	r.there.ip("addr", "replace", "fd00:2::a/64", "dev", "there", "nodad") // going down has lost it
	r.welcome(r.there.dial("fd00:2::a", "[fd00:2::1]:"+r.plain))
	endServing(t, r.cmd)
}

func (s *site) descriptors() int {
	s.t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(open)
}
