//go:build unix

package cmd_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"mts/core/harness"
)

// hangingPlugin returns a plugin that never ends to load.
func hangingPlugin(name string) string {
	return strings.ReplaceAll(`// Package NAME hangs.
package NAME

import "mts/core"

var _ = func() int { for {} }()

// Commands returns nothing.
func Commands() []core.Command { return nil }
`, "NAME", name)
}

// A stuck is a server of three plugins, which may hang while they are loaded.
type stuck struct {
	*testing.T
	dir string
	cmd *exec.Cmd
}

func newStuck(t *testing.T) *stuck {
	s := &stuck{T: t, dir: t.TempDir()}
	write(t, s.path("files/a"), "a\n")
	write(t, s.path("mtsd.toml"), `[server]
listen = []
plain = ["127.0.0.1:0"]
[metrics]
listen = "127.0.0.1:0"
[plugins]
dir = "plugins.d"
[admin]
socket = "admin.sock"
[log]
file = "log"
[[export]]
path = "/"
dir = "files"
`)
	if err := os.Mkdir(s.path("plugins.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stuck) path(name string) string { return filepath.Join(s.dir, name) }

// hang has three plugins hang when they are loaded.
func (s *stuck) hang() {
	for _, name := range []string{"one", "two", "three"} {
		write(s.T, s.path("plugins.d/"+name+"/"+name+".go"), hangingPlugin(name))
	}
}

func (s *stuck) start() {
	s.Helper()
	s.cmd = exec.Command("mtsd", "serve", "--config", "mtsd.toml", "--state", "state", "--ready-file", "ready")
	s.cmd.Dir = s.dir
	if err := s.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { s.cmd.Process.Kill(); s.cmd.Wait() })
}

func (s *stuck) logged() string {
	text, err := os.ReadFile(s.path("log"))
	if err != nil && !os.IsNotExist(err) {
		s.Fatal(err)
	}
	return string(text)
}

// await returns what the first group of pattern matches in the log.
func (s *stuck) await(pattern string) (match string) {
	s.Helper()
	re := regexp.MustCompile(pattern)
	harness.Eventually(s.T, pattern, func() bool {
		found := re.FindStringSubmatch(s.logged())
		if found != nil {
			match = found[1]
		}
		return found != nil
	})
	return match
}

// took prints how long something takes; the times are for people.
func (s *stuck) took(what string, do func()) {
	start := time.Now()
	do()
	s.Logf("%s: %v", what, time.Since(start).Round(time.Millisecond))
}

// answers has operators and the metrics answer, and returns the states of the
// plugins.
func (s *stuck) answers(metrics string, ready int) (states []string) {
	s.Helper()
	s.took("mtsd admin plugins", func() {
		text := output(s.T, s.dir, "admin", "--socket", "admin.sock", "-o", "json", "plugins")
		for dec := json.NewDecoder(strings.NewReader(text)); ; {
			var p struct{ State string }
			if err := dec.Decode(&p); err == io.EOF {
				break
			} else if err != nil {
				s.Fatal(err)
			}
			states = append(states, p.State)
		}
	})
	s.took("/metrics", func() {
		if code, _ := get(s.T, "http://"+metrics+"/metrics"); code != http.StatusOK {
			s.Errorf("/metrics: %d", code)
		}
	})
	if code, _ := get(s.T, "http://"+metrics+"/readyz"); code != ready {
		s.Errorf("/readyz: %d, want %d", code, ready)
	}
	return states
}

// end sends SIGTERM. The server has to end well, and before the loads did.
func (s *stuck) end() {
	s.Helper()
	s.took("SIGTERM", func() { endServing(s.T, s.cmd) })
	if log := s.logged(); strings.Contains(log, "takes longer") {
		s.Errorf("the server waited for the loads:\n%s", log)
	}
}

// While plugins hang at the start, the server answers operators and its monitor,
// serves no clients, and ends when it is told to.
func TestPluginsHangAtStart(t *testing.T) {
	s := newStuck(t)
	s.hang()
	s.start()
	s.await("(msg=listening) listener=admin")
	metrics := s.await("listener=metrics addr=(.*)")
	if states := s.answers(metrics, http.StatusServiceUnavailable); fmt.Sprint(states) != "[loading loading loading]" {
		t.Errorf("the plugins are %s", states)
	}
	s.cmd.Process.Signal(syscall.SIGHUP) // waits for the start to end
	s.end()
	if log := s.logged(); strings.Contains(log, "msg=ready") || strings.Contains(log, "msg=reload") {
		t.Errorf("it became ready:\n%s", log)
	}
}

// While plugins hang at a reload, the old ones go on, a second reload waits, and
// the server answers and ends as ever.
func TestPluginsHangAtReload(t *testing.T) {
	s := newStuck(t)
	for _, name := range []string{"one", "two", "three"} {
		output(t, s.path("plugins.d"), "plugin", "new", name)
	}
	s.start()
	s.await("(msg=ready)")
	metrics := s.await("listener=metrics addr=(.*)")
	s.hang()
	s.cmd.Process.Signal(syscall.SIGHUP)
	s.await("(msg=reload part=users)") // which comes before the plugins
	s.cmd.Process.Signal(syscall.SIGHUP)
	if states := s.answers(metrics, http.StatusOK); fmt.Sprint(states) != "[running running running]" {
		t.Errorf("the plugins are %s", states)
	}
	s.end()
	if n := strings.Count(s.logged(), "msg=reload part=config"); n != 1 {
		t.Errorf("%d reloads began at once:\n%s", n, s.logged())
	}
}
