package cmd_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A manager is the service manager's end of NOTIFY_SOCKET.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
	path string
}

func newManager(t *testing.T) *manager {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &manager{t, conn, path}
}

// hears returns the next message, which has to match. Those of the watchdog are
// left out, unless they are what is waited for.
func (m *manager) hears(pattern string) []string {
	m.t.Helper()
	m.conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	text := make([]byte, 4096)
	for {
		n, err := m.conn.Read(text)
		if err != nil {
			m.t.Fatalf("waiting for %q: %v", pattern, err)
		}
		got := string(text[:n])
		if match := regexp.MustCompile("^" + pattern + "$").FindStringSubmatch(got); match != nil {
			return match
		}
		if got != "WATCHDOG=1" {
			m.t.Fatalf("told %q; want %q", got, pattern)
		}
	}
}

// What the service manager is told in the life of a server.
func TestNotify(t *testing.T) {
	m := newManager(t)
	s := startService(t, upgradable, "NOTIFY_SOCKET="+m.path, "WATCHDOG_USEC=100000")
	m.hears("READY=1")
	m.hears("WATCHDOG=1")
	s.signal(unix.SIGHUP)
	m.hears(`RELOADING=1\nMONOTONIC_USEC=\d+`)
	m.hears("READY=1")
	old := s.upgrade()
	if pid := m.hears(`MAINPID=(\d+)\nREADY=1`)[1]; pid != strconv.Itoa(s.pid) {
		t.Errorf("the main process is %s; want %d", pid, s.pid)
	}
	s.ends(old)
	m.hears("WATCHDOG=1")
	m.hears("WATCHDOG=1")
	s.signal(unix.SIGTERM)
	m.hears("STOPPING=1")
	s.ends(s.pid)
}

// activated returns a command that starts mtsd with sockets, as the service
// manager does; names are those of the sockets, separated by colons.
func activated(names string, sockets ...*os.File) *exec.Cmd {
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec mtsd "$@"`, "sh")
	cmd.ExtraFiles = sockets
	cmd.Env = append(os.Environ(), "LISTEN_FDS="+strconv.Itoa(len(sockets)), "LISTEN_FDNAMES="+names)
	return cmd
}

// socket opens a listener and returns its descriptor.
func socket(t *testing.T, addr string) (f *os.File, at string) {
	t.Helper()
	ln, err := net.Listen("tcp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if f, err = ln.(*net.TCPListener).File(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, ln.Addr().String()
}

// Sockets of the service manager take the place of the configured ones of their
// kind, over reloads and upgrades too. One without a name that the server knows
// has the kind of its address, or else is for TLS.
func TestActivation(t *testing.T) {
	named, plainAt := socket(t, "127.0.0.1:0")
	unnamed, tlsAt := socket(t, "127.0.0.1:0")
	known, knownAt := socket(t, "127.0.0.1:0")
	config := strings.Replace(upgradable, `plain = ["127.0.0.1:0"]`, `plain = ["`+knownAt+`"]`, 1)
	s := prepareService(t, config)
	s.start(activated("plain:mtsd.socket:unknown", named, unnamed, known))
	check := func() {
		t.Helper()
		ready, err := os.ReadFile(s.path("run/ready"))
		got := strings.Fields(string(ready))
		want := []string{"tls", tlsAt, "plain", plainAt, "plain", knownAt}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("listening on %q, %v; want %q", got, err, want)
		}
		if got, err := s.fetch("mts+plain://"+plainAt, "small"); err != nil || string(got) != "small\n" {
			t.Errorf("got %q, %v", got, err)
		}
	}
	check()
	s.signal(unix.SIGHUP)
	if line := s.await("msg=reload part=config.*")[0]; strings.Contains(line, "at a restart only") {
		t.Error("a reload finds other listeners:", line)
	}
	s.ends(s.upgrade())
	check()
	s.end()
}

// A socket that the server can't serve keeps it from starting.
func TestActivationRefused(t *testing.T) {
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	datagrams, err := udp.(*net.UDPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer datagrams.Close()
	refused := func(want string, f *os.File) {
		t.Helper()
		cmd := activated("tls", f)
		cmd.Args = append(cmd.Args, "serve", "--state", t.TempDir(), t.TempDir())
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(string(out), want) {
			t.Errorf("exit code %d and %q; want 2 and %q", code, out, want)
		}
	}
	refused(`the socket "tls" from the service manager is not a TCP listener`, datagrams)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	deaf := os.NewFile(uintptr(fd), "deaf")
	defer deaf.Close()
	refused("is not a TCP listener", deaf)
}

// The unit is as tight as promised, and systemd finds nothing wrong in it.
func TestUnit(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze here")
	}
	dir := t.TempDir()
	for _, name := range []string{"mtsd.service", "mtsd.socket"} {
		text, err := os.ReadFile(filepath.Join("../examples/systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		// verify wants the program to be there
		write(t, filepath.Join(dir, name), strings.ReplaceAll(string(text), "/usr/local/bin/mtsd", os.Args[0]))
	}
	service, socket := filepath.Join(dir, "mtsd.service"), filepath.Join(dir, "mtsd.socket")
	if out, err := exec.Command(tool, "verify", service, socket).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("verify: %v\n%s", err, out)
	}
	// 0.5 of the 2.0 are what workers need to confine themselves.
	out, err := exec.Command(tool, "security", "--offline=true", "--threshold=20", service).CombinedOutput()
	if strings.Contains(string(out), "unrecognized option") {
		t.Skip("systemd-analyze is too old to judge a unit that isn't loaded")
	}
	if err != nil {
		t.Errorf("security: %v\n%s", err, out)
	}
}
