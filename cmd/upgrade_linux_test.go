package cmd_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// Within the sandbox an export that is a link may change over to a folder beside
// its target, and one there may be added. What is outside waits for a restart, as
// does a folder that is replaced, and the log says so.
func TestReloadInSandbox(t *testing.T) {
	linked := upgradable + "[[export]]\npath = \"/current\"\ndir = \"../current\"\n"
	s := prepareService(t, linked)
	s.write("releases/1/small", "first\n")
	s.write("releases/2/small", "second\n")
	harness.Must(t, os.Symlink("releases/1", s.path("current")))
	s.start(exec.Command("mtsd"))
	s.confined()
	url := "mts+plain://" + s.addr("plain")
	fetches := func(name, want string) {
		t.Helper()
		if got, err := s.fetch(url, name); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	fetches("current/small", "first\n")
	harness.Must(t, os.Symlink("releases/2", s.path("next")))
	harness.Must(t, os.Rename(s.path("next"), s.path("current")))
	s.write("etc/mtsd.toml", linked+"[[export]]\npath = \"/old\"\ndir = \"../releases/1\"\n")
	s.signal(unix.SIGHUP)
	s.await(`level=INFO msg=reload part=config`)
	fetches("current/small", "second\n")
	fetches("old/small", "first\n")

	s.write("etc/mtsd.toml", linked+"[[export]]\npath = \"/more\"\ndir = \""+t.TempDir()+"\"\n")
	s.signal(unix.SIGHUP)
	s.await(`level=ERROR msg=reload part=config err="etc/mtsd.toml:17: export.dir: .* outside the sandbox made at the start; restart mtsd`)

	s.write("next/small", "replaced\n")
	harness.Must(t, os.Rename(s.path("files"), s.path("before")))
	harness.Must(t, os.Rename(s.path("next"), s.path("files")))
	s.await(`level=WARN msg=sandbox err=".*files was replaced by a folder outside the sandbox made at the start; restart mtsd`)
	fetches("small", "small\n")
	s.write("etc/mtsd.toml", linked)
	s.signal(unix.SIGHUP)
	s.await(`level=ERROR msg=reload part=config err="etc/mtsd.toml:11: export.dir: .*files was replaced by a folder outside`)
	s.end()
}

// Without a sandbox that is required the server doesn't start, and no check is
// good: where the kernel has no Landlock, and where there is no /proc.
func TestSandboxMode(t *testing.T) {
	traceable(t)
	dir := t.TempDir()
	harness.Must(t, os.Mkdir(filepath.Join(dir, "files"), 0o700))
	conf := filepath.Join(dir, "mtsd.toml")
	const call = "landlock_create_ruleset"
	prefix := []string{"strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace=" + call, "-e", "inject=" + call + ":error=ENOSYS", "mtsd"}
	run := func(mode string, args ...string) (code int, said string) {
		write(t, conf, "[server]\nlisten = [\"127.0.0.1:0\"]\n[sandbox]\nmode = \""+mode+"\"\n[[export]]\npath = \"/\"\ndir = \"files\"\n")
		cmd := exec.Command(prefix[0], slices.Concat(prefix[1:], args, []string{"--config", conf, "--state", filepath.Join(dir, "state")})...)
		out, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(out)
	}
	refused := func() {
		t.Helper()
		for _, command := range []string{"serve", "config check"} {
			code, said := run("require", strings.Fields(command)...)
			if code != 2 || !strings.HasPrefix(said, conf+":4: sandbox.mode: there is no sandbox: ") {
				t.Errorf("%s: exit code %d and %q", command, code, said)
			}
		}
	}
	refused()
	for _, mode := range []string{"auto", "off"} {
		if code, said := run(mode, "config", "check"); code != 0 {
			t.Errorf("%s: exit code %d and %q", mode, code, said)
		}
	}
	prefix = []string{"unshare", "-m", "sh", "-c", `mount -t tmpfs none /proc && exec "$@"`, "sh"}
	if err := exec.Command(prefix[0], append(prefix[1:], "true")...).Run(); err != nil {
		t.Skip("/proc can't be hidden:", err)
	}
	prefix = append(prefix, "mtsd")
	refused()
}

// A process takes no sandbox for granted that the one before it hadn't.
func TestUpgradeFromNoSandbox(t *testing.T) {
	s := startService(t, upgradable+"[sandbox]\nmode = \"off\"\n")
	if s.sandbox != "off" {
		t.Errorf("the sandbox is %q", s.sandbox)
	}
	s.write("etc/mtsd.toml", upgradable)
	s.signal(unix.SIGUSR2)
	s.sandbox = s.await(`msg=sandbox state=(\w+)`)[1]
	old := s.succeeded()
	s.confined()
	s.ends(old)
	s.end()
}
