package shell

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mts/core/harness"
)

func TestScripts(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "inner.mts")
	loop := filepath.Join(dir, "loop.mts")
	os.WriteFile(inner, []byte("abort 7\nabort 8\nabort 9\n"), 0o600)
	os.WriteFile(loop, []byte("source "+loop+"\n"), 0o600)
	answers := map[string]string{
		"SESSIONS":            "",
		"ABORT 7":             `{"affected":1,"ids":[7]}` + "\n",
		"ABORT 8":             "![code=no-match] no session matches",
		"KICK all":            `{"affected":2,"ids":[1,2]}` + "\n",
		"SHOW x":              "![code=usage] Usage: SHOW ID",
		"MESSAGE all 'a # b'": `{"affected":0,"ids":[]}` + "\n",
	}
	for _, test := range []struct {
		script   string
		code     int
		err      string
		commands string
	}{
		{"", 0, "", ""},
		{"# nothing\n\n  \nsessions # all\n", 0, "", "SESSIONS"},
		{"sessions;abort 7", 0, "", "SESSIONS|ABORT 7"},
		{"sessions\nabort 8\nabort 7", 1, "x.mts:2: no session matches\n", "SESSIONS|ABORT 8"},
		{"abort 8; abort 7", 1, "x.mts:1: no session matches\n", "ABORT 8"},
		{"nonsense", 2, "x.mts:1: \"nonsense\" is no command; help lists them\n", ""},
		{"sess", 2, "x.mts:1: \"sess\" is no command; help lists them\n", ""},
		{"show x", 2, "x.mts:1: Usage: SHOW ID\n", "SHOW x"},
		{"show 'x", 2, "x.mts:1: a quote isn't closed\n", ""},
		{"kick all", 2, "x.mts:1: this needs --yes where nobody can be asked\n", ""},
		{"message all 'a # b'", 0, "", "MESSAGE all 'a # b'"},
		{"source " + inner, 1, inner + ":2: no session matches\n", "ABORT 7|ABORT 8"},
		{"source " + dir + "/none", 2, "open " + dir + "/none: no such file or directory\n", ""},
		{"set output=xml", 2, "x.mts:1: output \"xml\" is not table, json or csv\n", ""},
		{"quit\nabort 8", 0, "", ""},
		{strings.Repeat("x", 1<<20) + "\nabort 7", 2, "x.mts:1: line too long\n", ""},
	} {
		b := newTestShell(t, answers)
		code, _, errs := b.script(test.script)
		if got := strings.Join(b.server.commands(), "|"); code != test.code || errs != test.err || got != test.commands {
			t.Errorf("%.60q: code %d, stderr %q, commands %q; want %d, %q, %q", test.script, code, errs, got, test.code, test.err, test.commands)
		}
	}
	b := newTestShell(t, answers)
	if code, _, errs := b.script("source " + loop); code != 2 || !strings.Contains(errs, "too deeply") {
		t.Errorf("endless source: code %d, %q", code, errs)
	}
}

func TestKeepGoing(t *testing.T) {
	b := newTestShell(t, map[string]string{"ABORT 7": "", "ABORT 8": "![code=no-match] none"})
	b.KeepGoing = true
	code, _, errs := b.script("abort 8\n" + strings.Repeat("x", 1<<20) + "\nabort 8; abort 7")
	if want := "x.mts:1: none\nx.mts:2: line too long\nx.mts:3: none\n"; code != 2 || errs != want {
		t.Errorf("code %d, %q", code, errs)
	}
	if got := b.server.commands(); !slices.Equal(got, []string{"ABORT 8", "ABORT 8", "ABORT 7"}) {
		t.Errorf("commands %q", got)
	}
}

func TestYes(t *testing.T) {
	b := newTestShell(t, map[string]string{"KICK all reason=x": `{"affected":2,"ids":[1,2]}` + "\n"})
	b.Yes = true
	if code, out, errs := b.script("kick all reason=x"); code != 0 || out != "2 affected: 1 2\n" {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
}

func TestNoServer(t *testing.T) {
	b := newTestShell(t, nil)
	b.Dial = (&fakeServer{}).refuse
	if code, _, errs := b.script("sessions"); code != exitNoServer || !strings.HasPrefix(errs, "x.mts:1: no server: ") {
		t.Errorf("code %d, %q", code, errs)
	}
	if code, out, _ := b.script("help quit"); code != 0 || out != "quit\n  leaves the shell; the server goes on\n" {
		t.Errorf("code %d, %q", code, out)
	}
}

func TestTimeout(t *testing.T) {
	b := newTestShell(t, map[string]string{"STATS": "…"})
	b.Timeout = 50 * time.Millisecond
	if code, _, errs := b.script("stats"); code != exitFailed || errs != "x.mts:1: no answer within 50ms\n" {
		t.Errorf("code %d, %q", code, errs)
	}
}

// An interrupt ends a command. That is a success only for one that never ends.
func TestInterrupt(t *testing.T) {
	const event = `{"time":"2026-01-02T03:04:05Z","event":"login","session":7,"user":"ann","client":"10.0.0.7","bytes":0}` + "\n"
	answers := map[string]string{"EVENTS user=ann": event + "…", "WAIT x": "…"}
	for _, test := range []struct {
		code  int
		words []string
	}{{0, []string{"events", "user=ann"}}, {130, []string{"wait", "x"}}} {
		b := newTestShell(t, answers)
		code := make(chan int)
		go func() { code <- b.Command(context.Background(), test.words) }()
		harness.Eventually(t, "a command arrives", func() bool { return len(b.server.commands()) > 0 })
		if !b.Interrupt() {
			t.Error("nothing was running")
		}
		if got := <-code; got != test.code {
			t.Errorf("%s: code %d, want %d; %s", test.words, got, test.code, b.err.String())
		}
	}
}

func TestEvalLines(t *testing.T) {
	isEval := func(word string) bool { return word == "eval" }
	for line, want := range map[string]string{
		`eval 1+2`:                       "eval|1+2",
		`eval '1+2'`:                     "eval|1+2",
		`eval "1+2"`:                     "eval|1+2",
		`eval fmt.Sprint("a", 'b')`:      `eval|fmt.Sprint("a", 'b')`,
		`eval 'b'`:                       `eval|'b'`,
		`eval 1+2; stats`:                "eval|1+2 & stats",
		`eval 1+2 # three`:               "eval|1+2",
		`eval "#;" + "x"`:                `eval|"#;" + "x"`,
		`eval for i := 0; i < 3; i++ {}`: "eval|for i := 0; i < 3; i++ {}",
		`eval import "strings"`:          `eval|import "strings"`,
		`eval (`:                         "eval|(",
		`stats; eval 1+2`:                "stats & eval|1+2",
		`eval`:                           "eval",
		``:                               "",
	} {
		commands, err := split(line, isEval)
		var all []string
		for _, words := range commands {
			all = append(all, strings.Join(words, "|"))
		}
		if got := strings.Join(all, " & "); got != want || err != nil {
			t.Errorf("%s: %s, %v; want %s", line, got, err, want)
		}
	}
}
