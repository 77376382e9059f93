//go:build unix

package shell

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"mts/admin"
	"mts/admin/shell/tmuxtest"
)

// shellAt is a variable that makes the test binary a shell for the server at the
// socket in it.
const shellAt = "MTS_TEST_SHELL"

func TestMain(m *testing.M) {
	if socket := os.Getenv(shellAt); socket != "" {
		s := New(Options{
			Dial:  func(ctx context.Context) (*admin.Client, error) { return admin.Dial(ctx, socket) },
			Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Format: "table",
			History: filepath.Join(filepath.Dir(socket), "history"),
		})
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt)
		go func() {
			for range signals {
				s.Interrupt()
			}
		}()
		os.Exit(s.Interactive(context.Background()))
	}
	goleak.VerifyTestMain(m)
}

// An operator's morning: what is typed, and what the screen shows then.
func TestMorning(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	f := &fakeServer{answers: map[string]string{
		"SESSIONS": twoSessions, "SESSIONS user=ann": strings.SplitAfter(twoSessions, "\n")[0],
		"SHOW 12": `{"id":12,"state":"idle"}` + "\n", "ABORT 7": `{"affected":1,"ids":[7]}` + "\n",
		"LIMIT 7 1MB": `{"affected":1,"ids":[7]}` + "\n", "KICK all": `{"affected":2,"ids":[7,12]}` + "\n",
		"BAN 10.0.0.8": `{"affected":1,"ids":[]}` + "\n", "EVENTS": `{"event":"login","session":7}` + "\n…",
		"STATS": `{"uptime_s":5,"sessions_total":9}` + "\n", "USERS": "", "PLUGINS": "",
	}}
	go func() {
		for conn, err := ln.Accept(); err == nil; conn, err = ln.Accept() {
			go f.serve(conn)
		}
	}()
	p := tmuxtest.New(t, 80, 24)
	start := fmt.Sprintf("clear; %s=%s %s", shellAt, socket, os.Args[0])
	p.Keys(start, "Enter")
	p.Shows("mts>")
	for _, step := range []struct {
		keys []string
		want string
	}{
		{[]string{"sessions", "Enter"}, "…/iso/"},
		{[]string{"sess user=ann", "Enter"}, "0s\nmts>"},
		{[]string{"show 1", "Tab", "Enter"}, "state  idle\nmts>"},
		{[]string{"limit 7 1MB", "Enter"}, "limit 7 1MB\n1 affected: 7\nmts>"},
		{[]string{"ab 7", "Enter"}, "ab 7\n1 affected: 7\nmts>"},
		{[]string{"kick all", "Enter"}, "(yes/no)"},
		{[]string{"yes", "Enter"}, "2 affected: 7 12\nmts>"},
		{[]string{"ban 10.0.0.8", "Enter"}, "ban 10.0.0.8\n1 affected\nmts>"},
		{[]string{"events", "Enter"}, "login #7"},
		{[]string{"C-c"}, "mts>"},
		{[]string{"typed in vain", "C-c"}, "^C\nmts>"},
		{[]string{"top", "Enter"}, "…[####......]"},
		{[]string{"q"}, "mts> top\nmts>"},
		{[]string{"eval for {}", "Enter"}, "eval for {}"},
		{[]string{"C-c"}, "interrupted\nmts>"},
		{[]string{"C-d"}, "sh>"},
		{[]string{"echo still", " here", "Enter"}, "still here\nsh>"},
	} {
		p.Keys(step.keys...)
		p.Shows(step.want)
	}
	p.Keys(start, "Enter")
	p.Shows("mts>")
	p.Keys("top", "Enter")
	p.Shows("…RATE")
	p.Resize(60, 10)
	p.Shows("…q ends")
	p.Keys("C-c")
	p.Shows("mts>")
	if info, err := os.Stat(filepath.Join(dir, "history")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("history: %v, %v", info, err)
	}
}
