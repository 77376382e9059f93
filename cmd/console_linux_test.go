package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"mts/admin/shell/tmuxtest"
	"mts/core/harness"
)

const consoleConfig = `[server]
listen = []
plain = ["127.0.0.1:0"]
drain = "1s"
[auth]
users = "users"
[[export]]
path = "/"
dir = "files"
[admin]
socket = "admin.sock"
`

const startServer = "clear; rm -f ready; mtsd serve --config mtsd.toml --state state --ready-file ready"

// A terminal is where an operator works, in the folder of a server that it may
// start.
type terminal struct {
	*tmuxtest.Pane
	t   *testing.T
	dir string
}

func newTerminal(t *testing.T) *terminal {
	term := &terminal{tmuxtest.New(t, 80, 24), t, t.TempDir()}
	write(t, term.path("mtsd.toml"), consoleConfig)
	write(t, term.path("password"), "correct horse\n")
	write(t, term.path("files/small"), "small\n")
	write(t, term.path("files/big"), "")
	write(t, term.path("night.mts"), "ban 192.0.2.7\nunban 192.0.2.7\nkick 99\n")
	script, err := os.ReadFile("../examples/admin/report.go")
	if err != nil {
		t.Fatal(err)
	}
	write(t, term.path("report.go"), string(script))
	if err := os.Truncate(term.path("files/big"), 1<<30); err != nil {
		t.Fatal(err)
	}
	mtsd(t, "correct horse\n", "user", "add", "ann", "--users", term.path("users"))
	t.Cleanup(func() { // a server survives its terminal
		exec.Command("mtsd", "admin", "--socket", term.path("admin.sock"), "shutdown", "now").Run()
	})
	term.Keys("cd "+term.dir, "Enter")
	return term
}

func (term *terminal) path(name string) string { return filepath.Join(term.dir, name) }

// Typing is what is typed, and what the screen shows then.
type typing struct {
	keys []string
	want string
}

func (term *terminal) follow(steps []typing) {
	term.t.Helper()
	for _, s := range steps {
		term.Keys(s.keys...)
		term.Shows(s.want)
	}
}

// fetch starts a client.
func (term *terminal) fetch(name string) *exec.Cmd {
	term.t.Helper()
	ready, err := os.ReadFile(term.path("ready"))
	if err != nil {
		term.t.Fatal(err)
	}
	_, addr, _ := strings.Cut(strings.TrimSpace(string(ready)), " ")
	cmd := exec.Command("mtsclient", "--server", "mts+plain://"+addr, "--force", "-o", term.path("got"), name)
	cmd.Env = append(os.Environ(), "MTS_USER=ann", "MTS_PASSWORD_FILE="+term.path("password"))
	cmd.Stderr = term.t.Output()
	if err := cmd.Start(); err != nil {
		term.t.Fatal(err)
	}
	term.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

// sends waits until the server sends to the session.
func (term *terminal) sends(id string) {
	term.t.Helper()
	harness.Eventually(term.t, "session "+id, func() bool {
		out, err := exec.Command("mtsd", "admin", "--socket", term.path("admin.sock"), "-o", "json", "sessions", "state=sending", "id="+id).Output()
		return err == nil && len(out) > 0
	})
}

// abort aborts session 1 until its client has ended: an abort may come when the
// last bytes of a part are on their way, and the client asks for the next.
func (term *terminal) abort(client *exec.Cmd) {
	term.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- client.Wait() }()
	harness.Eventually(term.t, "the client's end", func() bool {
		select {
		case err := <-ended:
			if err == nil {
				term.t.Error("a transfer that was aborted is a success")
			}
			return true
		default:
			term.Keys("abort 1", "Enter")
			return false
		}
	})
	term.Keys("C-l")
	term.Shows("mts>")
}

// usable has the terminal be as before.
func (term *terminal) usable() {
	term.t.Helper()
	term.follow([]typing{
		{[]string{"clear; echo raw $(stty -a | grep -cw -e -icanon -e -echo)", "Enter"}, "raw 0\nsh>"},
		{[]string{"echo still", " here", "Enter"}, "echo still here\nstill here\nsh>"},
	})
}

// An operator's day at the console of a server that is at work.
func TestConsole(t *testing.T) {
	term := newTerminal(t)
	term.follow([]typing{
		{[]string{startServer, "Enter"}, "…The log goes to "},
		{nil, "shutdown ends the server.\nmts>"},
		{[]string{"limit total 2MB", "Enter"}, "limit total 2MB\n1 affected\nmts>"},
	})
	aborted := term.fetch("big")
	term.sends("1")
	term.follow([]typing{
		{[]string{"sessions", "Enter"}, "…sending  PART  /big"},
		{[]string{"C-l", "show ", "Tab"}, "mts> show 1"},
		{[]string{"Enter"}, "…path       /big"},
		{[]string{"C-l", "limit 1 1MB", "Enter"}, "limit 1 1MB\n1 affected: 1\nmts>"},
		{[]string{"limit", "Enter"}, "…1       1 MB/s"},
		{[]string{"C-l", "run report.go", "Enter"}, "…user  sessions"},
		{[]string{"C-l", "source night.mts", "Enter"}, "source night.mts\n1 affected\n1 affected\nnight.mts:3: There is no session 99.\nmts>"},
		{[]string{"C-l", "events", "Enter"}, "mts> events"},
	})
	if err := term.fetch("small").Wait(); err != nil {
		t.Error(err)
	}
	term.follow([]typing{
		{nil, "…file #2 ann 127.0.0.1 PART /small 6 B"},
		{[]string{"C-c"}, "mts>"},
		{[]string{"C-l", "top", "Enter"}, "…1 session, 1 sending"},
	})
	term.Resize(60, 12)
	term.follow([]typing{
		{nil, "…q ends"},
		{[]string{"q"}, "mts> top\nmts>"},
		{[]string{"C-l", "abort 1", "Enter"}, "abort 1\n1 affected: 1\nmts>"},
	})
	term.abort(aborted)
	term.Resize(80, 24)
	kicked := term.fetch("big")
	term.sends("3")
	term.follow([]typing{
		{[]string{"C-l", "ban user=ann reason=enough", "Enter"}, "1 affected\nmts>"},
		{[]string{"bans", "Enter"}, "…user=ann  user"},
		{[]string{"C-l", "kick all", "Enter"}, "(yes/no)"},
		{[]string{"yes", "Enter"}, "1 affected: 3\nmts>"},
	})
	if kicked.Wait() == nil {
		t.Error("a transfer whose client was kicked and banned is a success")
	}
	term.follow([]typing{
		{[]string{"C-l", "unban user=ann", "Enter"}, "1 affected\nmts>"},
		{[]string{"C-d"}, "shutdown, quit or stay?"},
		{[]string{"stay", "Enter"}, "stay\nmts>"},
		{[]string{"quit", "Enter"}, "…The server is still running"},
	})
	if term.fetch("small").Wait() == nil {
		t.Error("a client that was cut off isn't told at its next login")
	}
	if err := term.fetch("small").Wait(); err != nil {
		t.Error(err)
	}
	term.follow([]typing{
		{[]string{"C-c"}, "sh>"},
		{[]string{"echo code $?", "Enter"}, "code 0\nsh>"},
	})
	term.usable()
}

// The terminal is usable after the server has ended, however it was told to.
func TestConsoleEnds(t *testing.T) {
	term := newTerminal(t)
	for _, keys := range [][]string{{"shutdown", "Enter"}, {"C-d", "shutdown", "Enter"}, {"drain", "Enter"}} {
		term.Keys(startServer, "Enter")
		term.Shows("shutdown ends the server.\nmts>")
		term.Keys(keys...)
		term.Shows("sh>")
		term.usable()
	}
	term.Keys(startServer+"; echo code $?", "Enter")
	term.Shows("shutdown ends the server.\nmts>")
	term.fetch("big")
	term.sends("1")
	term.Keys("top", "Enter")
	term.Shows("…q ends")
	mtsd(t, "", "admin", "--socket", term.path("admin.sock"), "shutdown", "now")
	term.Shows("code 0\nsh>")
	term.usable()
}

// A shell that takes care of its terminal gets over an mtsd admin that was
// killed at its prompt.
func TestConsoleKilled(t *testing.T) {
	term := newTerminal(t)
	server := exec.Command("mtsd", "serve", "--config", "mtsd.toml", "--state", "state", "--ready-file", "ready", "--no-console")
	server.Dir = term.dir
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	harness.Eventually(t, "the server", func() bool { _, err := os.Stat(term.path("ready")); return err == nil })
	term.follow([]typing{
		{[]string{"clear; PS1='sh> ' bash --norc", "Enter"}, "sh>"},
		{[]string{`clear; sh -c 'echo $$ >pid; exec mtsd admin --socket admin.sock'`, "Enter"}, "mts>"},
		{[]string{"sess"}, "mts> sess"},
	})
	text, err := os.ReadFile(term.path("pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	syscall.Kill(pid, syscall.SIGKILL)
	term.Shows("Killed\nsh>")
	term.usable()
	term.Keys("clear; mtsd admin --socket admin.sock", "Enter")
	term.Shows("mts>")
	term.Keys("C-d")
	term.Shows("sh>")
	endServing(t, server)
}
