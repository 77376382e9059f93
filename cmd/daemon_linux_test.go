package cmd_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"mts/core/auth"
	"mts/core/harness"
)

// A service is an mtsd serve that may be replaced while it runs, with an
// account "ann" and the folder "files". Its processes are the test's own to
// wait for, also those that it didn't start itself.
type service struct {
	t          *testing.T
	dir, token string
	pid        int
	sandbox    string // what it says of it: "on" or "none"
}

// startService starts mtsd serve with the configuration and waits until it is
// ready.
func startService(t *testing.T, config string, env ...string) *service {
	t.Helper()
	s := prepareService(t, config)
	cmd := exec.Command("mtsd")
	cmd.Env = append(os.Environ(), env...)
	s.start(cmd)
	return s
}

// prepareService makes the files of a service.
func prepareService(t *testing.T, config string) *service {
	t.Helper()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Skip("can't wait for the children of a process that has ended:", err)
	}
	s := &service{t: t, dir: t.TempDir()}
	var hash string
	s.token, hash = auth.NewToken()
	s.write("etc/users", "ann:"+hash+"\n")
	s.write("etc/mtsd.toml", config)
	s.write("files/small", "small\n")
	return s
}

// start starts a command that becomes mtsd when it gets its arguments.
func (s *service) start(cmd *exec.Cmd) {
	s.t.Helper()
	log, err := os.Create(s.path("log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd.Args = append(cmd.Args, "serve", "--config", "etc/mtsd.toml", "--state", "state", "--ready-file", "run/ready")
	cmd.Dir, cmd.Stderr = s.dir, log
	if err := errors.Join(os.MkdirAll(s.path("run"), 0o700), cmd.Start()); err != nil {
		s.t.Fatal(err)
	}
	s.pid = cmd.Process.Pid
	s.t.Cleanup(func() {
		if s.pid != 0 {
			unix.Kill(s.pid, unix.SIGKILL)
			unix.Wait4(s.pid, nil, 0, nil)
		}
	})
	s.sandbox = s.await(`msg=sandbox state=(\w+)`)[1]
	s.await("msg=ready")
}

func (s *service) path(name string) string { return filepath.Join(s.dir, name) }

// write replaces a file, as an editor does.
func (s *service) write(name, content string) {
	s.t.Helper()
	write(s.t, s.path(name)+".new", content)
	if err := os.Rename(s.path(name)+".new", s.path(name)); err != nil {
		s.t.Fatal(err)
	}
}

// await returns the line of the log that pattern matches, and empties the log.
func (s *service) await(pattern string) (match []string) {
	s.t.Helper()
	re := regexp.MustCompile("(?m)^.*" + pattern + ".*$")
	harness.Eventually(s.t, "the line "+pattern, func() bool {
		log, err := os.ReadFile(s.path("log"))
		if err != nil {
			s.t.Fatal(err)
		}
		if found := re.FindSubmatchIndex(log); found != nil {
			match = re.FindStringSubmatch(string(log))
			s.cut(log, found[1])
		}
		return match != nil
	})
	return match
}

// cut overwrites the log's beginning, so that it isn't found again.
func (s *service) cut(log []byte, n int) {
	f, err := os.OpenFile(s.path("log"), os.O_WRONLY, 0)
	if err == nil {
		_, err = f.Write(bytes.Repeat([]byte("\n"), n))
		f.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// confined skips the test where the kernel has no Landlock to confine with.
func (s *service) confined() {
	s.t.Helper()
	if _, err := ll.LandlockGetABIVersion(); err != nil {
		s.t.Skip("no Landlock here:", err)
	}
	if s.sandbox != "on" {
		s.t.Fatalf("the sandbox is %q", s.sandbox)
	}
}

// addr returns the address of a listener.
func (s *service) addr(kind string) string {
	s.t.Helper()
	ready, err := os.ReadFile(s.path("run/ready"))
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(ready)) {
		if addr, ok := strings.CutPrefix(strings.TrimSpace(line), kind+" "); ok {
			return addr
		}
	}
	s.t.Fatalf("no %s listener in the ready file:\n%s", kind, ready)
	return ""
}

func (s *service) signal(sig unix.Signal) {
	s.t.Helper()
	if err := unix.Kill(s.pid, sig); err != nil {
		s.t.Fatal(err)
	}
}

// upgrade has the service replaced, and returns the process that was it.
func (s *service) upgrade() (old int) {
	s.t.Helper()
	s.signal(unix.SIGUSR2)
	return s.succeeded()
}

// succeeded waits for the end of an upgrade, and returns the process that the
// service was.
func (s *service) succeeded() (old int) {
	s.t.Helper()
	old = s.pid
	pid, err := strconv.Atoi(s.await(`msg=upgrade state=done pid=(\d+)`)[1])
	if err != nil {
		s.t.Fatal(err)
	}
	s.pid = pid
	return old
}

// ends checks that a process ends by itself, without an error.
func (s *service) ends(pid int) {
	s.t.Helper()
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, 0, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || !status.Exited() || status.ExitStatus() != 0 {
			s.t.Errorf("process %d ended with %v, %v", pid, status, err)
		}
		break
	}
	if pid == s.pid {
		s.pid = 0
	}
}

// vanishes waits for a process that its parent waits for too.
func (s *service) vanishes(pid int) {
	s.t.Helper()
	harness.Eventually(s.t, "the end of a process", func() bool { return unix.Kill(pid, 0) != nil })
}

func (s *service) end() {
	s.t.Helper()
	s.signal(unix.SIGTERM)
	s.ends(s.pid)
}
