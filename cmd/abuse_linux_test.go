package cmd_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"mts/core/harness"
)

// A victim is a server that hostile clients are let loose on: each case from
// addresses of its own, while an honest client goes on being served.
//
//	go test ./cmd -run Abuse -v
//
// shows one line a case: what the honest client had to wait at most, and what
// memory and descriptors the server took.
type victim struct {
	t     *testing.T
	cmd   *exec.Cmd
	addrs map[string]string
	dir   string // that it serves
	log   string
	token string // of the account ann
}

const victimConfig = `[metrics]
listen = "127.0.0.1:0"
[log]
file = "log"
[timeouts]
handshake = "1s"
login = "2s"
line = "1s"
write = "1s"
`

func newVictim(t *testing.T, conf string) *victim {
	t.Helper()
	v := &victim{t: t, dir: filepath.Join(t.TempDir(), "files")}
	root := filepath.Dir(v.dir)
	v.log = filepath.Join(root, "log")
	write(t, filepath.Join(v.dir, "small"), "an honest file\n")
	write(t, filepath.Join(v.dir, "big"), string(bytes.Repeat([]byte("0123456789abcdef"), 2<<20)))
	write(t, filepath.Join(root, "secret"), "not served")
	users := filepath.Join(root, "users")
	v.token = strings.TrimSpace(output(t, root, "user", "add", "--token", "--users", users, "ann"))
	v.cmd, v.addrs = serving(t, nil, strings.Replace(conf, `"log"`, strconv.Quote(v.log), 1),
		"--users", users, "--listen", "127.0.0.1:0", "--plain", "127.0.0.1:0", v.dir)
	return v
}

// dial connects from an address of loopback, over plain TCP.
func (v *victim) dial(t *testing.T, from string) *talker {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: limit}
	c, err := d.Dial("tcp", v.addrs["plain"])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(limit))
	return &talker{c, bufio.NewReader(c), t}
}

// enter is dial with a login.
func (v *victim) enter(t *testing.T, from string) *talker {
	t.Helper()
	c := v.dial(t, from)
	c.says("")
	c.says("USER ann")
	if got := c.says("AUTH " + v.token); got != "#You are logged in." {
		t.Fatal(got)
	}
	return c
}

// rest reads all that still comes.
func (c *talker) rest() string {
	all, _ := io.ReadAll(c.r)
	return string(all)
}

// A cost is what the server takes.
type cost struct{ memory, descriptors, goroutines int }

var (
	residentLine  = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
	goroutineLine = regexp.MustCompile(`(?m)^go_goroutines (\d+)$`)
)

func (v *victim) cost() (c cost) {
	v.t.Helper()
	proc := fmt.Sprintf("/proc/%d/", v.cmd.Process.Pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		v.t.Fatal(err)
	}
	files, err := os.ReadDir(proc + "fd")
	if err != nil {
		v.t.Fatal(err)
	}
	_, page := get(v.t, "http://"+v.addrs["metrics"]+"/metrics")
	c.memory, _ = strconv.Atoi(residentLine.FindStringSubmatch(string(status))[1])
	c.goroutines, _ = strconv.Atoi(goroutineLine.FindStringSubmatch(page)[1])
	c.descriptors = len(files)
	return c
}

// suffer runs one case, and checks what holds for all of them.
func (v *victim) suffer(name string, attack func(t *testing.T)) {
	v.t.Run(name, func(t *testing.T) {
		base := v.cost()
		h := v.honest(t)
		attack(t)
		h.end()
		after := v.cost()
		if grown := after.memory - base.memory; grown > 64<<10 {
			t.Errorf("%d KiB of memory more", grown)
		}
		harness.Eventually(t, "descriptors and goroutines to be given back", func() bool {
			now := v.cost()
			return now.descriptors <= base.descriptors+1 && now.goroutines <= base.goroutines+3
		})
		t.Logf("%-38s honest client: %4d files, slowest %7.2f ms; %+6d KiB, %d descriptors at most", name, h.served, h.slowest.Seconds()*1e3,
			after.memory-base.memory, after.descriptors)
	})
}

// An honest client fetches a small file over and over until it is ended, twenty
// times at least.
type honest struct {
	*talker
	stop, stopped chan struct{}
	served        int
	slowest       time.Duration
	took          []time.Duration
}

// p99 returns the time that 99 of 100 files took at most.
func (h *honest) p99() time.Duration {
	sorted := slices.Sorted(slices.Values(h.took))
	return sorted[len(sorted)*99/100]
}

func (v *victim) honest(t *testing.T) *honest {
	t.Helper()
	h := &honest{talker: v.enter(t, "127.0.99.1"), stop: make(chan struct{}), stopped: make(chan struct{})}
	go h.run()
	return h
}

func (h *honest) run() {
	defer close(h.stopped)
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	const want = "an honest file\n#File small sent successfully.\r\n"
	for got := make([]byte, len(want)); !h.over() || h.served < 20; h.served++ {
		h.SetDeadline(time.Now().Add(limit))
		start := time.Now()
		io.WriteString(h, "FILE small\r\n")
		if n, err := io.ReadFull(h.r, got); string(got[:n]) != want {
			h.t.Errorf("the honest client got %q, %v", got[:n], err)
			return
		}
		h.took = append(h.took, time.Since(start))
		h.slowest = max(h.slowest, h.took[len(h.took)-1])
		<-every.C
	}
}

func (h *honest) over() bool {
	select {
	case <-h.stop:
		return true
	default:
		return false
	}
}

// end lets the client come to its end.
func (h *honest) end() {
	close(h.stop)
	<-h.stopped
	h.Close()
}

// survived ends the server, and looks at its log.
func (v *victim) survived() {
	v.t.Helper()
	endServing(v.t, v.cmd)
	log, err := os.ReadFile(v.log)
	if err != nil {
		v.t.Fatal(err)
	}
	for line := range bytes.Lines(log) {
		if bytes.ContainsFunc(bytes.TrimSuffix(line, []byte("\n")), func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u202e' }) {
			v.t.Errorf("the log has the line %q", line)
		}
		if bytes.Contains(line, []byte("panic")) || bytes.Contains(line, []byte(v.token)) {
			v.t.Errorf("the log has the line %.300q", line)
		}
	}
}

func TestAbuse(t *testing.T) {
	t.Parallel()
	v := newVictim(t, victimConfig)
	protocolAbuse(v)
	loginAbuse(v)
	fileAbuse(v)
	tlsAbuse(v)
	loadAbuse(v)
	v.survived()
}

func protocolAbuse(v *victim) {
	v.suffer("unknown verbs", func(t *testing.T) {
		c := v.enter(t, "127.0.1.1")
		for i := range 1000 {
			if got := c.says(fmt.Sprint("XYZZY ", i)); got != "!Invalid command." {
				t.Fatalf("got %q", got)
			}
		}
		if got := c.says("NOOP"); got != "#OK." {
			t.Errorf("got %q", got)
		}
	})
	v.suffer("64 MiB without a line end", func(t *testing.T) {
		c := v.dial(t, "127.0.1.2")
		go io.CopyN(c, endless{'x'}, 64<<20)
		if got := c.rest(); got != "#Server Ready.\r\n!Line too long.\r\n" && !strings.HasPrefix("#Server Ready.\r\n!Line too long.\r\n", got) {
			t.Errorf("got %q", got)
		}
	})
	v.suffer("noise", func(t *testing.T) {
		var clients sync.WaitGroup
		for i := range 50 {
			c := v.dial(t, "127.0.1.3")
			clients.Go(func() {
				io.CopyN(c, rand.NewChaCha8([32]byte{byte(i)}), 64<<10)
				c.Conn.(*net.TCPConn).CloseWrite()
				if got := c.rest(); strings.ContainsFunc(got, func(r rune) bool { return r < ' ' && r != '\r' && r != '\n' }) {
					t.Errorf("got %.100q", got)
				}
			})
		}
		clients.Wait()
	})
	v.suffer("one byte at a time, LF or CRLF", func(t *testing.T) {
		c := v.enter(t, "127.0.1.4")
		for _, b := range []byte("NOOP\nNOOP\r\nFILE small\nQUIT\n") {
			c.Write([]byte{b})
		}
		if got := c.rest(); got != "#OK.\r\n#OK.\r\nan honest file\n#File small sent successfully.\r\n" {
			t.Errorf("got %q", got)
		}
	})
	v.suffer("hundreds of commands in a segment", func(t *testing.T) {
		c := v.enter(t, "127.0.1.5")
		io.WriteString(c, strings.Repeat("FILE small\r\nWHAT\r\n", 400)+"QUIT\r\n")
		if got := c.rest(); got != strings.Repeat("an honest file\n#File small sent successfully.\r\n!Invalid command.\r\n", 400) {
			t.Errorf("got %d bytes", len(got))
		}
	})
	v.suffer("escapes in every argument", func(t *testing.T) {
		c := v.enter(t, "127.0.1.6")
		for _, verb := range []string{"FILE", "LIST", "STAT", "HASH", "PART 0 -", "HELP", "MODE", "OPTS", "USER", "NONE"} {
			for _, evil := range []string{"\x1b]0;x\a", "a\rb", "\u009b2J", "\u202egnp", "%s%n", "\xff\xfe"} {
				got := c.says(verb + " " + evil)
				if got == "" || !strings.ContainsAny(got[:1], "#!") || strings.ContainsAny(got, "\x1b\a\r\u009b\u202e") || !utf8.ValidString(got) {
					t.Errorf("%s %q: %q", verb, evil, got)
				}
			}
		}
	})
	v.suffer("half-close behind FILE", func(t *testing.T) {
		c := v.enter(t, "127.0.1.7")
		io.WriteString(c, "FILE big\r\n")
		c.Conn.(*net.TCPConn).CloseWrite()
		if got := c.rest(); len(got) < 32<<20 || !strings.HasSuffix(got, "#File big sent successfully.\r\n") {
			t.Errorf("got %d bytes", len(got))
		}
	})
	v.suffer("TLS on a plain port, and the reverse", func(t *testing.T) {
		c := v.dial(t, "127.0.1.8")
		if err := tls.Client(c, &tls.Config{InsecureSkipVerify: true}).Handshake(); err == nil {
			t.Error("there was a handshake")
		}
		p, err := net.Dial("tcp", v.addrs["tls"])
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		io.WriteString(p, "AUTH "+v.token+"\r\nFILE small\r\n")
		if all, _ := io.ReadAll(p); bytes.Contains(all, []byte("honest")) {
			t.Errorf("got %q", all)
		}
	})
	v.suffer("pipelining without reading", func(t *testing.T) {
		c := v.enter(t, "127.0.1.9")
		c.SetDeadline(time.Now().Add(5 * time.Second))
		if n, err := io.CopyN(c, endless{'\n'}, 256<<20); err == nil {
			t.Errorf("%d empty lines were read", n)
		}
	})
}

// endless is one byte, again and again.
type endless [1]byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e[0]
	}
	return len(p), nil
}

func loginAbuse(v *victim) {
	v.suffer("FILE without a login", func(t *testing.T) {
		c := v.dial(t, "127.0.2.1")
		c.says("")
		for _, line := range []string{"FILE small", "LIST /", "AUTH wrong", "FILE small", "USER ann", "AUTH ", "PART 0 - small"} {
			if got := c.says(line); got[0] != '!' && line != "USER ann" {
				t.Errorf("%s: %q", line, got)
			}
		}
	})
	v.suffer("a password of 4 KiB", func(t *testing.T) {
		c := v.dial(t, "127.0.2.2")
		c.says("")
		if got := c.says("AUTH " + strings.Repeat("x", 4000)); got != "!Bad password." {
			t.Errorf("got %q", got)
		}
	})
	v.suffer("50 logins at once", func(t *testing.T) {
		var all []*talker
		for range 50 {
			c := v.dial(t, "127.0.2.3")
			io.WriteString(c, "USER nobody\r\nAUTH guess\r\n")
			all = append(all, c)
		}
		for _, c := range all {
			if got := c.rest(); !strings.Contains(got, "!Bad password.\r\n") && !strings.HasSuffix(got, "!Timeout.\r\n") {
				t.Errorf("got %q", got)
			}
		}
	})
}

func fileAbuse(v *victim) {
	root := filepath.Dir(v.dir)
	v.suffer("paths that lead out", func(t *testing.T) {
		c := v.enter(t, "127.0.3.1")
		var paths []string
		for _, up := range []string{"..", "../", "..\\", "/..", "\\..", "./..", "../.", "small/..", "..//", "%2e%2e", ".. ", "..\u2215", "\u2025", "....//", "c:..", "~"} {
			for _, to := range []string{"/secret", "\\secret", "/etc/passwd", "/files/../secret"} {
				paths = append(paths, up+to, strings.Repeat(up+"/", 8)+to)
			}
		}
		paths = append(paths, root+"/secret", "/proc/self/environ", "file:///etc/passwd", "//etc/passwd", "small/", "small:stream", "nul", "con.txt", "", " ")
		for _, path := range paths {
			if got := c.says("FILE " + path); got[0] != '!' || strings.Contains(got, "not served") {
				t.Errorf("FILE %q: %q", path, got)
			}
		}
	})
	v.suffer("links, pipes, folders, devices", func(t *testing.T) {
		for name, to := range map[string]string{"out": root + "/secret", "rel": "../secret", "loop": "loop", "null": "/dev/null", "etc": "/etc"} {
			if err := os.Symlink(to, filepath.Join(v.dir, name)); err != nil {
				t.Error(err)
			}
		}
		syscall.Mkfifo(filepath.Join(v.dir, "fifo"), 0o600)
		os.Mkdir(filepath.Join(v.dir, "folder"), 0o700)
		c := v.enter(t, "127.0.3.2")
		for _, name := range []string{"out", "rel", "loop", "null", "etc/passwd", "etc", "fifo", "folder", "."} {
			if got := c.says("FILE " + name); got[0] != '!' || strings.Contains(got, root) {
				t.Errorf("FILE %s: %q", name, got)
			}
		}
	})
	v.suffer("a link that is swapped all the time", func(t *testing.T) {
		link, stop := filepath.Join(v.dir, "swapped"), make(chan struct{})
		swapped := make(chan struct{})
		go func() {
			defer close(swapped)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					os.Symlink([]string{"small", root + "/secret"}[i%2], link+".new")
					os.Rename(link+".new", link)
				}
			}
		}()
		c := v.enter(t, "127.0.3.3")
		for range 2000 {
			got := c.says("FILE swapped")
			if got == "an honest file" {
				c.says("")
			} else if got[0] != '!' {
				t.Errorf("got %q", got)
			}
		}
		close(stop)
		<-swapped
	})
	v.suffer("1 TiB, of which the client leaves", func(t *testing.T) {
		write(t, filepath.Join(v.dir, "huge"), "")
		if err := os.Truncate(filepath.Join(v.dir, "huge"), 1<<40); err != nil {
			t.Skip(err)
		}
		c := v.enter(t, "127.0.3.4")
		io.WriteString(c, "FILE huge\r\n")
		io.CopyN(io.Discard, c.r, 100<<20)
		c.Close()
		os.Remove(filepath.Join(v.dir, "huge"))
	})
	v.suffer("a file replaced, cut, gone while sent", func(t *testing.T) {
		for _, change := range []func(string) error{
			func(p string) error { return os.Rename(filepath.Join(v.dir, "small2"), p) },
			func(p string) error { return os.Truncate(p, 10) },
			os.Remove,
		} {
			path := filepath.Join(v.dir, "moving")
			content := bytes.Repeat([]byte("moving "), 4<<20)
			write(t, path, string(content))
			write(t, filepath.Join(v.dir, "small2"), "other")
			c := v.enter(t, "127.0.3.5")
			io.WriteString(c, "FILE moving\r\nQUIT\r\n")
			head := make([]byte, 7)
			io.ReadFull(c.r, head)
			if err := change(path); err != nil {
				t.Error(err)
			}
			got := string(head) + c.rest()
			if strings.HasSuffix(got, "sent successfully.\r\n") && !strings.HasPrefix(got, string(content)) {
				t.Errorf("a mixture of %d bytes is said to be the file", len(got))
			}
		}
	})
}
