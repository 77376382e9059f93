package cmd_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mts/certs"
	"mts/core/auth"
	"mts/core/client"
	"mts/core/harness"
)

// A faulty is a server whose system calls can be made to fail.
type faulty struct {
	*site
	addrs map[string]string
	token string // of the account ann
	pin   string
}

const faultyConfig = `[server]
listen = ["127.0.0.1:0"]
plain = ["127.0.0.1:0"]
[auth]
users = "users"
[[export]]
path = "/"
dir = "files"
[log]
file = "log"
[limits]
connections_per_second = 0
login_failures = 3
`

const keepConfig = "[plugins]\ndir = \"plugins.d\"\n"

const keeper = `// Package keep keeps a text.
package keep

import "mts/core"

// Commands returns the verb of the plugin.
func Commands() []core.Command {
	return []core.Command{{Verb: "KEEP", Args: "TEXT", Run: keep}}
}

func keep(c *core.Call) error { return c.Save("text", c.Arg()) }
`

const bigFile = 64 << 20

// newFaulty starts a server with more of a configuration.
func newFaulty(t *testing.T, config string) *faulty {
	t.Helper()
	traceable(t)
	f := &faulty{site: &site{t: t, dir: t.TempDir()}}
	f.log = f.path("log")
	var hash string
	f.token, hash = auth.NewToken()
	write(t, f.path("mtsd.toml"), faultyConfig+config)
	write(t, f.path("users"), "ann:"+hash+"\n")
	write(t, f.path("files/small"), "small\n")
	write(t, f.path("files/big"), "")
	if err := os.Truncate(f.path("files/big"), bigFile); err != nil {
		t.Fatal(err)
	}
	write(t, f.path("plugins.d/keep/keep.go"), keeper)
	f.cmd, f.addrs = serving(t, nil, "", "--config", f.path("mtsd.toml"), "--state", f.path("state"))
	f.pin = strings.TrimSpace(output(t, f.dir, "cert", "pin", "--state", f.path("state")))
	return f
}

// traceable skips a test where no system call can be made to fail.
func traceable(t *testing.T) {
	t.Helper()
	cmd := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "-e", "inject=getppid:error=EIO", "true")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("no strace that works: %v, %s", err, out)
	}
}

// inject has system calls fail, as strace's options say, until the returned
// function is called, which returns the trace.
func (f *faulty) inject(calls, fault string, options ...string) (end func() string) {
	f.t.Helper()
	trace := f.path("trace")
	args := []string{"-f", "-qq", "-o", trace, "-e", "trace=" + calls, "-e", "inject=" + calls + ":" + fault}
	cmd := exec.Command("strace", append(append(args, options...), "-p", fmt.Sprint(f.cmd.Process.Pid))...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	f.t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	harness.Eventually(f.t, "strace", func() bool {
		select {
		case <-ended:
			f.t.Skipf("strace can't attach: %s", &stderr)
		default:
		}
		return f.traced()
	})
	return func() string {
		f.t.Helper()
		cmd.Process.Signal(os.Interrupt)
		<-ended
		text, err := os.ReadFile(trace)
		if err != nil {
			f.t.Fatal(err)
		}
		return string(text)
	}
}

// traced reports whether each thread of the server has a tracer.
func (f *faulty) traced() bool {
	statuses, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", f.cmd.Process.Pid))
	for _, status := range statuses {
		text, err := os.ReadFile(status)
		if err != nil || strings.Contains(string(text), "TracerPid:\t0\n") {
			return false
		}
	}
	return true
}

// failed checks that a trace has a call that was made to fail.
func (f *faulty) failed(trace string) {
	f.t.Helper()
	if !strings.Contains(trace, "(INJECTED)") {
		f.t.Errorf("nothing was made to fail:\n%s", trace)
	}
}

// connect returns a session of ann in block mode.
func (f *faulty) connect(listener string) *client.Conn {
	f.t.Helper()
	url, o := "mts://"+f.addrs["tls"], client.Options{Pins: []string{f.pin}}
	if listener == "plain" {
		url, o = "mts+plain://"+f.addrs["plain"], client.Options{}
	}
	conn, err := client.Dial(f.t.Context(), url, o)
	if err == nil {
		f.t.Cleanup(func() { conn.Close() })
		err = conn.Login(f.t.Context(), "ann", f.token)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return conn
}

// works checks that a session is served.
func (f *faulty) works(conn *client.Conn) {
	f.t.Helper()
	var got bytes.Buffer
	if _, err := conn.Fetch(f.t.Context(), "small", &got); err != nil || got.String() != "small\n" {
		f.t.Errorf("a session that nothing is wrong with got %q, %v", &got, err)
	}
}

// A recorder keeps the last bytes that came.
type recorder struct {
	net.Conn
	last []byte
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.last = append(r.last, p[:n]...)
	r.last = r.last[max(0, len(r.last)-len(closeNotify)-closeNotifySize):]
	return n, err
}

// The head of the record that has an alert, such as close_notify, and the size
// of the rest (RFC 8446, 5.2 and 6).
const (
	closeNotify     = "\x17\x03\x03\x00\x13"
	closeNotifySize = 0x13
)

// streams asks for the big file in stream mode, and returns what came, and
// whether TLS said that this is all.
func (f *faulty) streams(listener string) (got []byte, all bool) {
	f.t.Helper()
	r := &recorder{Conn: dial(f.t, f.addrs[listener])}
	c := net.Conn(r)
	if listener == "tls" {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{certs.ALPN}})
	}
	fmt.Fprintf(c, "USER ann\r\nAUTH %s\r\nFILE big\r\n", f.token)
	got, _ = io.ReadAll(c)
	return got, bytes.HasPrefix(r.last, []byte(closeNotify))
}

// A file that can't be read to its end doesn't look complete, however it is
// sent, and nobody else is disturbed.
func TestReadError(t *testing.T) {
	f := newFaulty(t, "")
	for _, listener := range []string{"tls", "plain"} {
		other, conn := f.connect("tls"), f.connect(listener)
		end := f.inject("read,pread64,sendfile,splice", "error=EIO:when=8+", "-P", f.path("files/big")) // from each thread's 8th on
		if got, all := f.streams(listener); all || len(got) >= bigFile || bytes.Contains(got, []byte("#File")) {
			t.Errorf("%s: %d bytes came in stream mode, close_notify: %t", listener, len(got), all)
		}
		var got bytes.Buffer
		if _, err := conn.Fetch(t.Context(), "big", &got); err == nil || got.Len() >= bigFile {
			t.Errorf("%s: %d bytes came in block mode, %v", listener, got.Len(), err)
		}
		f.works(other)
		f.logged(syscall.EIO.Error())
		f.failed(end())
		if _, err := f.connect(listener).Fetch(t.Context(), "big", io.Discard); err != nil {
			t.Errorf("%s: afterwards: %v", listener, err)
		}
	}
	endServing(t, f.cmd)
}

// guesser is a client of its own that guesses until it is banned.
func (f *faulty) guesser(addr string) {
	f.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(addr)}}
	c, err := d.Dial("tcp", f.addrs["plain"])
	if err != nil {
		f.t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(limit))
	(&talker{c, bufio.NewReader(c), f.t}).guess(3)
}

// kept checks what a state file has, sooner or later.
func (f *faulty) kept(name, text string) {
	f.t.Helper()
	harness.Eventually(f.t, text+" in "+name, func() bool {
		got, err := os.ReadFile(f.path(name))
		return err == nil && strings.Contains(string(got), text)
	})
}

func (f *faulty) logged(text string) { f.t.Helper(); f.kept("log", text) }

func (f *faulty) content(name string) string {
	f.t.Helper()
	text, err := os.ReadFile(f.path(name))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(text)
}

// On a full disk, state files stay as they are, and what they should have is
// in them when there is room again.
func TestFullDiskOfTheState(t *testing.T) {
	for _, calls := range []string{"fsync", "/^rename"} {
		t.Run(calls, func(t *testing.T) {
			t.Parallel()
			f := newFaulty(t, keepConfig)
			conn := f.connect("tls")
			keep := func(text string) {
				t.Helper()
				if _, err := conn.Do(t.Context(), "KEEP "+text, io.Discard); err != nil {
					t.Fatal(err)
				}
			}
			store := "state/plugins/keep.json"
			f.guesser("127.0.0.2")
			keep("first")
			f.kept("state/bans", "127.0.0.2")
			f.kept(store, "first")
			bans, kept := f.content("state/bans"), f.content(store)

			end := f.inject(calls, "error=ENOSPC")
			f.guesser("127.0.0.3")
			keep("second")
			f.logged("msg=bans err=")
			f.logged("event=store err=")
			if f.content("state/bans") != bans || f.content(store) != kept {
				t.Errorf("the state has changed to %s, %s", f.content("state/bans"), f.content(store))
			}
			f.works(conn)
			f.works(f.connect("plain"))
			f.failed(end())
			endServing(t, f.cmd)
			f.kept("state/bans", "127.0.0.3")
			f.kept(store, "second")
			if left, _ := filepath.Glob(f.path("state/.*")); left != nil {
				t.Errorf("there is %s", left)
			}
		})
	}
}

// mtsd user leaves the accounts alone if it can't write them.
func TestFullDiskOfTheUsers(t *testing.T) {
	traceable(t)
	dir := t.TempDir()
	users := filepath.Join(dir, "users")
	_, hash := auth.NewToken()
	before := "ann:" + hash + "\n"
	write(t, users, before)
	mtsdPath, err := exec.LookPath("mtsd")
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []string{"fsync", "/^rename"} {
		cmd := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace="+call, "-e", "inject="+call+":error=ENOSPC",
			mtsdPath, "user", "add", "--token", "--users", users, "bob")
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), syscall.ENOSPC.Error()) || strings.Contains(string(out), "mts_") {
			t.Errorf("%s: %v, %s", call, err, out)
		}
		if text, err := os.ReadFile(users); string(text) != before {
			t.Errorf("%s: the accounts are %q, %v", call, text, err)
		}
	}
}

// mtsd user says once what a file system can't do, and goes without. A broken or
// full disk is an error.
func TestLacksOfTheUsers(t *testing.T) {
	traceable(t)
	mtsdPath, err := exec.LookPath("mtsd")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		call, errno string
		says        string // "" if it has to fail
	}{
		{"flock", "ENOSYS", "can't lock files"},
		{"flock", "ENOLCK", "can't lock files"},
		{"flock", "EOPNOTSUPP", "can't lock files"},
		{"fsync", "EINVAL", "can't sync files"},
		{"fsync", "ENOSYS", "can't sync files"},
		{"fchmod", "EPERM", "can't set permissions"},
		{"fchown", "EPERM", "can't set owners"},
		{"flock", "EIO", ""},
		{"fsync", "EIO", ""},
		{"fsync", "ENOSPC", ""},
		{"fchmod", "EIO", ""},
	} {
		if test.call == "fchown" && os.Geteuid() != 0 {
			continue // only root gives files away
		}
		users := filepath.Join(t.TempDir(), "users")
		_, hash := auth.NewToken()
		write(t, users, "ann:"+hash+"\n")
		cmd := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace="+test.call, "-e", "inject="+test.call+":error="+test.errno,
			mtsdPath, "user", "add", "--token", "--users", users, "bob")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		cmd.Run()
		code := cmd.ProcessState.ExitCode()
		text, _ := os.ReadFile(users)
		added := strings.Contains(string(text), "\nbob:")
		switch {
		case test.says == "" && (code != 1 || added):
			t.Errorf("%s %s: exit code %d, added: %t, %s", test.call, test.errno, code, added, &stderr)
		case test.says != "" && (code != 0 || !added || strings.Count(stderr.String(), "\n") != 1 || !strings.Contains(stderr.String(), test.says)):
			t.Errorf("%s %s: exit code %d, added: %t, %s", test.call, test.errno, code, added, &stderr)
		}
	}
}

// A server whose state is in a file system without syncs keeps it all the same, and
// logs that once.
func TestLacksOfTheState(t *testing.T) {
	f := newFaulty(t, keepConfig)
	conn := f.connect("tls")
	end := f.inject("fsync", "error=ENOSYS")
	f.guesser("127.0.0.2")
	f.kept("state/bans", "127.0.0.2")
	if _, err := conn.Do(t.Context(), "KEEP text", io.Discard); err != nil {
		t.Fatal(err)
	}
	f.kept("state/plugins/keep.json", "text")
	f.failed(end())
	if log := f.content("log"); strings.Count(log, "can't sync files") != 1 {
		t.Errorf("the log:\n%s", log)
	}
	endServing(t, f.cmd)
}

// What can't be logged doesn't hold the service up, and the log goes on.
func TestFullDiskOfOpenLog(t *testing.T) {
	f := newFaulty(t, "")
	before := len(f.text())
	end := f.inject("write", "error=ENOSPC", "-P", f.log)
	f.works(f.connect("plain"))
	f.works(f.connect("tls"))
	harness.Eventually(t, "the log", func() bool { return strings.Contains(f.content("trace"), "INJECTED") })
	if n := len(f.text()); n != before {
		t.Errorf("%d bytes of the log were written", n-before)
	}
	f.failed(end())
	f.works(f.connect("plain"))
	f.logged("msg=login")
	endServing(t, f.cmd)
}

// Without descriptors for new connections the server waits, without spinning
// and without filling the log, and serves whoever has waited.
func TestNoDescriptorsToAccept(t *testing.T) {
	f := newFaulty(t, "")
	conn := f.connect("plain")
	end := f.inject("accept4", "error=EMFILE")
	waiting := dial(t, f.addrs["plain"])
	f.logged("msg=accept")
	seen := strings.Count(f.text(), "msg=accept")
	harness.Eventually(t, "another line of the log, a second later", func() bool { return strings.Count(f.text(), "msg=accept") > seen })
	f.works(conn)
	trace := end()
	f.failed(trace)
	if n := strings.Count(trace, "EMFILE"); n > 50 {
		t.Errorf("%d calls of accept4 within a second", n)
	}
	if n := strings.Count(f.text(), "msg=accept"); n > 5 {
		t.Errorf("%d log lines within a second", n)
	}
	if got := waiting.says(""); got[0] != '#' {
		t.Errorf("who has waited got %q", got)
	}
	f.works(f.connect("tls"))
	endServing(t, f.cmd)
}

// Without a descriptor for a file the client is told so, and may try again.
func TestNoDescriptorsToOpen(t *testing.T) {
	f := newFaulty(t, "")
	conn := f.connect("tls")
	end := f.inject("openat,openat2", "error=EMFILE")
	if _, err := conn.Fetch(t.Context(), "small", io.Discard); err == nil || conn.Err() != nil {
		t.Errorf("got %v, and the connection %v", err, conn.Err())
	}
	f.failed(end())
	f.works(conn)
	endServing(t, f.cmd)
}
