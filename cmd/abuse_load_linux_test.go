package cmd_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mts/core/harness"

	"golang.org/x/sys/unix"
)

// shake has a TLS handshake with the server and reads the greeting.
func (v *victim) shake(config *tls.Config) (*tls.Conn, error) {
	config.InsecureSkipVerify = true
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: limit}, "tcp", v.addrs["tls"], config)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(limit))
	_, err = io.ReadFull(c, make([]byte, len("#Server Ready.\r\n")))
	return c, err
}

func tlsAbuse(v *victim) {
	v.suffer("old versions and other protocols", func(t *testing.T) {
		for name, config := range map[string]*tls.Config{
			"TLS 1.2":    {MaxVersion: tls.VersionTLS12},
			"other ALPN": {NextProtos: []string{"h2"}},
		} {
			if c, err := v.shake(config); err == nil {
				c.Close()
				t.Errorf("%s is spoken", name)
			}
		}
		c, err := v.shake(&tls.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if state := c.ConnectionState(); state.CurveID != tls.X25519MLKEM768 {
			t.Errorf("the key exchange is %v", state.CurveID)
		}
	})
	v.suffer("100 stalled handshakes", func(t *testing.T) {
		var all []net.Conn
		for range 100 {
			c, err := net.Dial("tcp", v.addrs["tls"])
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.WriteString(c, "\x16\x03\x01\x02\x00\x01") // the start of a hello
			all = append(all, c)
		}
		for _, c := range all {
			c.SetDeadline(time.Now().Add(limit))
			if _, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("a handshake may stall for ever")
			}
		}
	})
	v.suffer("a flood of key updates", func(t *testing.T) {
		if _, err := exec.LookPath("openssl"); err != nil {
			t.Skip(err)
		}
		cmd := exec.Command("openssl", "s_client", "-connect", v.addrs["tls"])
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() {
			for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(time.Millisecond) {
				if _, err := io.WriteString(stdin, "k\n"); err != nil { // which s_client makes a key update
					return
				}
			}
			cmd.Process.Kill()
		}()
		cmd.Wait()
		if !cmd.ProcessState.Exited() {
			t.Error("keys may be updated for ever")
		}
	})
	v.suffer("STARTTLS with a command behind it", func(t *testing.T) {
		c := v.dial(t, "127.0.4.1")
		io.WriteString(c, "STARTTLS\r\nAUTH "+v.token+"\r\nFILE small\r\n")
		if got := c.rest(); strings.Contains(got, "honest") || strings.Contains(got, "logged in") {
			t.Errorf("got %q", got)
		}
	})
	v.suffer("certificates swapped under handshakes", func(t *testing.T) {
		for range 20 {
			v.cmd.Process.Signal(syscall.SIGHUP)
			for range 10 {
				c, err := v.shake(&tls.Config{})
				if err != nil {
					t.Fatal(err)
				}
				c.Close()
			}
		}
	})
}

func loadAbuse(v *victim) {
	v.suffer("60 drippers before the login", func(t *testing.T) {
		var drippers sync.WaitGroup
		for i := range 60 {
			c := v.dial(t, fmt.Sprint("127.0.5.", i+1))
			drippers.Go(func() {
				for range 100 {
					if _, err := c.Write([]byte("N")); err != nil {
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
				t.Error("a dripper may drip for ever")
			})
		}
		drippers.Wait()
	})
	v.suffer("40 readers that don't read", func(t *testing.T) {
		var all []*talker
		for range 40 {
			c := v.enter(t, "127.0.5.100")
			io.WriteString(c, strings.Repeat("FILE big\r\n", 20))
			all = append(all, c)
		}
		harness.Eventually(t, "them to be cut off", func() bool { return v.cost().descriptors < 40 })
		for _, c := range all {
			if got := c.rest(); strings.Count(got, "sent successfully") == 20 {
				t.Error("who didn't read got everything")
			}
		}
	})
	v.suffer("600 resets", func(t *testing.T) {
		for i := range 600 {
			c := v.dial(t, "127.0.5.101")
			c.Conn.(*net.TCPConn).SetLinger(0)
			if i%2 == 0 {
				io.WriteString(c, "USER ann\r\nAUTH "+v.token+"\r\nFILE big\r\n")
			}
			c.Close()
		}
	})
	v.suffer("5,000 addresses", func(t *testing.T) {
		for i := range 5000 {
			c := v.dial(t, fmt.Sprintf("127.1.%d.%d", i/250, i%250+1))
			c.says("")
			c.Close()
		}
	})
}

// Guessing ends in a ban of the client alone, which a flood of others and a
// restart don't wash away.
func TestGuessersStayBanned(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	conf := `[limits]
sessions_per_client = 0
connections_per_second = 0
commands_per_second = 0
login_failures = 4
`
	write(t, filepath.Join(state, "mtsd.toml"), conf)
	start := func() *victim {
		v := &victim{t: t}
		v.cmd, v.addrs = serving(t, nil, "", "--config", filepath.Join(state, "mtsd.toml"), "--state", state, "--plain", "127.0.0.1:0", t.TempDir())
		return v
	}
	v := start()
	c := v.dial(t, "127.0.6.1")
	c.says("")
	for range 4 {
		if got := c.says("AUTH wrong"); got != "!Bad password." {
			t.Fatal(got)
		}
	}
	if got := c.says("AUTH wrong"); got != "!Try again later." {
		t.Errorf("on the same connection: %q", got)
	}
	for i := range 2000 {
		c := v.dial(t, fmt.Sprintf("127.2.%d.%d", i/250, i%250+1))
		c.says("")
		c.Close()
	}
	for range 2 {
		if got := v.dial(t, "127.0.6.1").says(""); got != "!Try again later." {
			t.Errorf("at the door: %q", got)
		}
		if got := v.dial(t, "127.0.6.2").says(""); got != "#Server Ready." {
			t.Errorf("from another address: %q", got)
		}
		endServing(t, v.cmd)
		v = start()
	}
	v.cmd.Process.Kill()
	v.cmd.Wait()
	if got := start().dial(t, "127.0.6.1").says(""); got != "!Try again later." {
		t.Errorf("after kill -9: %q", got)
	}
}

// greeting connects and returns the first line, or "" if the connection is reset.
func (v *victim) greeting(from string) string {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: limit}
	c, err := d.Dial("tcp", v.addrs["plain"])
	if err != nil {
		return ""
	}
	v.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(limit))
	line, _ := bufio.NewReader(c).ReadString('\n')
	return line
}

// Over the caps, a client is told once a second or reset, and those within them
// are served.
func TestCaps(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "mtsd.toml"), "[server]\nmax_sessions = 30\n[limits]\nsessions_per_client = 20\nconnections_per_second = 0\n")
	v := &victim{t: t}
	v.cmd, v.addrs = serving(t, nil, "", "--config", filepath.Join(dir, "mtsd.toml"), "--plain", "127.0.0.1:0", t.TempDir())
	greetings := func(from string, n int) (ready, told int) {
		for range n {
			switch got := v.greeting(from); got {
			case "#Server Ready.\r\n":
				ready++
			case "!Too many connections.\r\n":
				told++
			case "":
			default:
				t.Errorf("got %q", got)
			}
		}
		return ready, told
	}
	for _, test := range []struct {
		from     string
		n, ready int
	}{{"127.0.7.1", 40, 20}, {"127.0.7.2", 20, 10}, {"127.0.7.3", 5, 0}} {
		if ready, told := greetings(test.from, test.n); ready != test.ready || told < 1 || told > 3 {
			t.Errorf("%s: %d served, %d told; want %d, and 1 a second", test.from, ready, told, test.ready)
		}
	}
	endServing(t, v.cmd)
}

// Without descriptors the server neither exits nor spins, and serves again
// when there are some.
func TestDescriptorsExhausted(t *testing.T) {
	t.Parallel()
	v := newVictim(t, victimConfig)
	if err := unix.Prlimit(v.cmd.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 40, Max: 40}, nil); err != nil {
		t.Fatal(err)
	}
	var all []*talker
	for range 100 {
		all = append(all, v.dial(t, "127.0.8.1"))
	}
	before := cpuTime(t, v.cmd.Process.Pid)
	complaints := func() int {
		log, _ := os.ReadFile(v.log)
		return strings.Count(string(log), "too many open files")
	}
	seen := complaints()
	harness.Eventually(t, "the log to say so again", func() bool { return complaints() > seen+1 }) // a second, at least
	if used := cpuTime(t, v.cmd.Process.Pid) - before; used > 300*time.Millisecond {
		t.Errorf("%v of processor time between two lines of the log", used)
	}
	for _, c := range all {
		c.Close()
	}
	c := v.enter(t, "127.0.8.2")
	if got := c.says("FILE small"); got != "an honest file" {
		t.Errorf("afterwards: %q", got)
	}
	c.Close()
	v.survived()
	if complaints() > 20 {
		t.Error("the log is flooded")
	}
}

// cpuTime returns what a process has used of the processors, in the kernel's
// ticks of 10 ms.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	var user, system int
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')'):]))
	fmt.Sscan(fields[12], &user)
	fmt.Sscan(fields[13], &system)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// At SIGTERM transfers finish; a second signal ends them.
func TestTermination(t *testing.T) {
	t.Parallel()
	for _, signals := range []int{1, 2} {
		v := newVictim(t, strings.Replace(victimConfig, `write = "1s"`, `write = "20s"`, 1))
		var all []*talker
		for i := range 20 {
			c := v.enter(t, fmt.Sprint("127.0.9.", i+1))
			io.WriteString(c, "FILE big\r\n")
			if _, err := c.r.Peek(1); err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		v.cmd.Process.Signal(syscall.SIGTERM)
		harness.Eventually(t, "the end of new connections", func() bool {
			c, err := net.Dial("tcp", v.addrs["plain"])
			if err == nil {
				c.Close()
			}
			return err != nil
		})
		if signals == 2 {
			v.cmd.Process.Signal(syscall.SIGTERM)
		}
		var whole atomic.Int32
		var reading sync.WaitGroup
		for _, c := range all {
			reading.Go(func() {
				if strings.Contains(c.rest(), "#File big sent successfully.\r\n") {
					whole.Add(1)
				}
			})
		}
		reading.Wait()
		v.cmd.Wait()
		if code, n := v.cmd.ProcessState.ExitCode(), whole.Load(); code != signals-1 || signals == 1 && n != 20 || signals == 2 && n == 20 {
			t.Errorf("after %d signals: exit code %d, %d of 20 transfers whole", signals, code, n)
		}
	}
}
