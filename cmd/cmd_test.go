// Package cmd_test runs the binaries as their users do.
package cmd_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mts/cmd/mtsclient/clientcmd"
	"mts/cmd/mtsd/mtsdcmd"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"} {
		os.Unsetenv(name) // where all servers would have the same admin socket
	}
	testscript.Main(m, map[string]func(){
		"mtsd": func() {
			os.Exit(mtsdcmd.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
		"mtsclient": func() {
			os.Exit(clientcmd.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// The scripts have, beside testscript's own commands:
//
//	serve ARGS...     starts mtsd serve and waits until it listens. Sets $TLS
//	                  and $PLAIN to the addresses, $TOKEN and $PIN if they are
//	                  told. Its output goes to the files serve.out and serve.log
//	end SIGNAL CODE   sends it TERM, INT or KILL, or nothing for -, and checks
//	                  its exit code
//	code N COMMAND... runs a command and checks its exit code
//	lost ARGS...      runs mtsd with an output that takes nothing, and checks
//	                  that it fails and says so
func TestScripts(t *testing.T) {
	dirs, err := filepath.Glob("testdata/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	repo, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	goCache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir: dir,
				Setup: func(env *testscript.Env) error {
					env.Values[daemonKey{}] = new(*daemon)
					env.Setenv("HOME", env.WorkDir)
					env.Setenv("REPO", repo)
					env.Setenv("GOCACHE", strings.TrimSpace(string(goCache)))
					env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
					env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
					return os.Chmod(env.WorkDir, 0o700)
				},
				Condition: func(cond string) (bool, error) {
					if cond != "root" {
						return false, fmt.Errorf("unknown condition %s", cond)
					}
					return os.Geteuid() == 0, nil
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"serve": serve,
					"end":   end,
					"code":  code,
					"lost":  lost,
				},
			})
		})
	}
}

// A daemon is the mtsd serve that a script has started.
type daemon struct {
	cmd    *exec.Cmd
	copied chan struct{} // closed when all of its log is in serve.log
}

type daemonKey struct{}

func serve(ts *testscript.TestScript, neg bool, args []string) {
	cmd := exec.Command("mtsd", append([]string{"serve", "--ready-file", "ready"}, args...)...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "XDG_STATE_HOME="+ts.Getenv("XDG_STATE_HOME"))
	stdout, err := os.Create(ts.MkAbs("serve.out"))
	ts.Check(err)
	defer stdout.Close()
	cmd.Stdout = stdout
	log, err := os.Create(ts.MkAbs("serve.log"))
	ts.Check(err)
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	d := &daemon{cmd, make(chan struct{})}
	ts.Defer(func() { cmd.Process.Kill(); d.wait() })
	ready := make(chan bool, 1)
	go func() {
		defer close(d.copied)
		defer log.Close()
		lines := bufio.NewScanner(io.TeeReader(stderr, log))
		for lines.Scan() {
			if strings.Contains(lines.Text(), "ready") {
				ready <- true
				break
			}
		}
		ready <- false
		io.Copy(log, stderr)
	}()
	if !<-ready {
		ts.Fatalf("mtsd serve ended before it was ready: %s", ts.ReadFile("serve.log"))
	}
	*ts.Value(daemonKey{}).(**daemon) = d
	describe(ts)
}

func (d *daemon) wait() error {
	<-d.copied
	return d.cmd.Wait()
}

// describe sets the variables that tell how to reach the server.
func describe(ts *testscript.TestScript) {
	for line := range strings.Lines(ts.ReadFile("ready")) {
		kind, addr, _ := strings.Cut(strings.TrimSpace(line), " ")
		ts.Setenv(strings.ToUpper(kind), addr)
	}
	for _, word := range strings.Fields(ts.ReadFile("serve.out")) {
		if token, ok := strings.CutPrefix(word, "MTS_PASSWORD="); ok {
			ts.Setenv("TOKEN", token)
		}
		if strings.HasPrefix(word, "sha256:") {
			ts.Setenv("PIN", word)
		}
	}
}

func end(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: end SIGNAL CODE")
	}
	d := *ts.Value(daemonKey{}).(**daemon)
	signals := map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": os.Interrupt, "KILL": os.Kill}
	if args[0] != "-" {
		ts.Check(d.cmd.Process.Signal(signals[args[0]]))
	}
	d.wait()
	if got := fmt.Sprint(d.cmd.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("exit code %s, want %s", got, args[1])
	}
}

func code(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

func lost(ts *testscript.TestScript, neg bool, args []string) {
	code(ts, neg, append([]string{"1", "sh", "-c", `exec mtsd "$@" >/dev/full`, "sh"}, args...))
	if stderr := ts.ReadFile("stderr"); !strings.Contains(stderr, syscall.ENOSPC.Error()) {
		ts.Fatalf("stderr is %q", stderr)
	}
}
