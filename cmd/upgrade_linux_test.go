package cmd_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mts/core/client"
	"mts/core/harness"
)

const upgradable = `[server]
listen = ["127.0.0.1:0"]
plain = ["127.0.0.1:0"]
[auth]
users = "users"
[limits]
sessions_per_client = 0
connections_per_second = 0
[[export]]
path = "/"
dir = "../files"
`

// fetch is what a client that comes, fetches and goes sees.
func (s *service) fetch(url, name string) ([]byte, error) {
	conn, err := client.Dial(s.t.Context(), url, client.Options{Timeout: time.Minute})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.Login(s.t.Context(), "ann", s.token); err != nil {
		return nil, err
	}
	var got bytes.Buffer
	_, err = conn.Fetch(s.t.Context(), name, &got)
	return got.Bytes(), err
}

// Two upgrades under a stream of clients: none is refused, reset or sent away,
// and a transfer that was under way before them is whole after them.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	s := startService(t, upgradable)
	content := make([]byte, 32<<20)
	for i := range content {
		content[i] = byte(rand.Uint32())
	}
	s.write("files/big", string(content))
	url := "mts+plain://" + s.addr("plain")

	transfer, upgraded := s.slowly(url, "big")
	var served atomic.Int64
	var clients sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got, err := s.fetch(url, "small"); err != nil || string(got) != "small\n" {
					t.Errorf("client %d: %q, %v", served.Load(), got, err)
					return
				}
				served.Add(1)
			}
		})
	}
	var old []int
	for n := int64(100); n <= 300; n += 100 {
		harness.Eventually(t, "the clients", func() bool { return served.Load() >= n || t.Failed() })
		if n < 300 {
			old = append(old, s.upgrade())
		}
	}
	close(stop)
	clients.Wait()
	s.vanishes(old[1])
	close(upgraded)
	if got := <-transfer; !bytes.Equal(got, content) {
		t.Errorf("the transfer across two upgrades brought %d bytes that aren't the file's %d", len(got), len(content))
	}
	s.ends(old[0])
	if _, err := os.Stat(s.path("run/ready")); err != nil {
		t.Error("the ready file went with the old process:", err)
	}
	s.end()
	if _, err := os.Stat(s.path("run/ready")); err == nil {
		t.Error("the ready file is still there")
	}
}

// slowly begins a transfer that goes on when proceed is closed.
func (s *service) slowly(url, name string) (content <-chan []byte, proceed chan struct{}) {
	s.t.Helper()
	conn, err := client.Dial(s.t.Context(), url, client.Options{Timeout: time.Minute})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := conn.Login(s.t.Context(), "ann", s.token); err != nil {
		s.t.Fatal(err)
	}
	proceed = make(chan struct{})
	begun, done := make(chan struct{}), make(chan []byte, 1)
	go func() {
		defer conn.Close()
		var got bytes.Buffer
		once := sync.OnceFunc(func() { close(begun); <-proceed })
		_, err := conn.Fetch(s.t.Context(), name, writerFunc(func(p []byte) (int, error) {
			once()
			return got.Write(p)
		}))
		if err != nil {
			s.t.Errorf("the transfer: %v", err)
		}
		done <- got.Bytes()
	}()
	<-begun
	return done, proceed
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// An upgrade that can't start leaves the old process serving, which says why.
// One whose configuration wants another listener gets it.
func TestUpgradeRefused(t *testing.T) {
	s := startService(t, upgradable)
	url := "mts+plain://" + s.addr("plain")
	s.write("etc/mtsd.toml", strings.Replace(upgradable, "plain =", "plane =", 1))
	s.signal(unix.SIGUSR2)
	s.await(`msg=upgrade state=failed err=.*etc/mtsd.toml:3: server.plane: unknown key`)
	if got, err := s.fetch(url, "small"); err != nil || string(got) != "small\n" {
		t.Errorf("after the refusal: %q, %v", got, err)
	}
	s.write("etc/mtsd.toml", strings.Replace(upgradable, `plain = ["127.0.0.1:0"]`, `plain = ["127.0.0.1:0", "[::1]:0"]`, 1))
	s.ends(s.upgrade())
	if after := "mts+plain://" + s.addr("plain"); after != url {
		t.Errorf("the listener was %s and is %s", url, after)
	}
	ready, err := os.ReadFile(s.path("run/ready"))
	if err != nil || !strings.Contains(string(ready), "plain [::1]:") {
		t.Errorf("the new listener isn't open: %v\n%s", err, ready)
	}
	s.end()
}

// A new process that is stopped while its plugins load replaces nothing: neither
// the old process, nor its admin socket, nor its ready file.
func TestUpgradeStopped(t *testing.T) {
	s := prepareService(t, upgradable+"[plugins]\ndir = \"../plugins.d\"\n[admin]\nsocket = \"../run/admin.sock\"\n")
	s.write("plugins.d/none", "")
	s.start(exec.Command("mtsd"))
	s.write("plugins.d/one/one.go", hangingPlugin("one"))
	s.signal(unix.SIGUSR2)
	s.await("msg=upgrade state=starting")
	s.await("msg=listening listener=plain")
	unix.Kill(s.successor(), unix.SIGTERM)
	s.await(`msg=upgrade state=failed err="the new process was stopped before it was ready"`)
	if got, err := s.fetch("mts+plain://"+s.addr("plain"), "small"); err != nil || string(got) != "small\n" {
		t.Errorf("after the stop: %q, %v", got, err)
	}
	output(t, s.dir, "admin", "--socket", "run/admin.sock", "sessions")
	s.end()
}

// successor returns the child of the service that is to replace it; its other
// children are workers of plugins.
func (s *service) successor() (pid int) {
	s.t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.pid))
	if err != nil || len(threads) == 0 {
		s.t.Skip("the system doesn't tell the children of a process:", err)
	}
	for _, thread := range threads {
		children, _ := os.ReadFile(thread)
		for child := range strings.FieldsSeq(string(children)) {
			if args, _ := os.ReadFile("/proc/" + child + "/cmdline"); strings.Contains(string(args), "\x00serve\x00") {
				pid, err = strconv.Atoi(child)
			}
		}
	}
	if pid == 0 || err != nil {
		s.t.Fatalf("no successor: %v", err)
	}
	return pid
}

// A new process is in the sandbox of the old one: so that one is real.
func TestUpgradeStaysInSandbox(t *testing.T) {
	s := startService(t, upgradable)
	s.confined()
	outside := t.TempDir()
	s.write("etc/mtsd.toml", upgradable+"[[export]]\npath = \"/more\"\ndir = \""+outside+"\"\n")
	s.signal(unix.SIGUSR2)
	s.await(`msg=upgrade state=failed err=.*export.dir: .*permission denied`)
	s.end()
}

// Within the sandbox an export may be replaced, and one may be added; what is
// outside waits for a restart, and the log says so.
func TestReloadInSandbox(t *testing.T) {
	s := startService(t, upgradable)
	s.confined()
	url := "mts+plain://" + s.addr("plain")
	s.write("next/small", "replaced\n")
	if err := os.Rename(s.path("files"), s.path("before")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.path("next"), s.path("files")); err != nil {
		t.Fatal(err)
	}
	s.write("more/other", "other\n")
	s.write("etc/mtsd.toml", upgradable+"[[export]]\npath = \"/more\"\ndir = \"../more\"\n")
	s.signal(unix.SIGHUP)
	s.await(`level=INFO msg=reload part=config`)
	for name, want := range map[string]string{"small": "replaced\n", "more/other": "other\n"} {
		if got, err := s.fetch(url, name); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	s.write("etc/mtsd.toml", upgradable+"[[export]]\npath = \"/more\"\ndir = \""+t.TempDir()+"\"\n")
	s.signal(unix.SIGHUP)
	s.await(`level=ERROR msg=reload part=config err="etc/mtsd.toml:14: export.dir: .* outside the sandbox made at the start; restart mtsd`)
	s.end()
}
