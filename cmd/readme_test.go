package cmd_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mts/examples"
)

// A step of the README is a command and what it prints; "…" stands for any
// text within a line.
type step struct{ command, output string }

// steps returns the commands of the README's console blocks.
func steps(readme string) []step {
	var all []step
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(readme, -1) {
		for line := range strings.Lines(block[1]) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				all = append(all, step{command: strings.TrimSpace(command)})
			} else {
				all[len(all)-1].output += line
			}
		}
	}
	return all
}

// The README's commands do what it says. They run in one shell, in order, with
// free ports in place of the usual ones and the servers in the background.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "files"), examples.Files()); err != nil {
		t.Fatal(err)
	}
	text := string(readme)
	for _, port := range []string{"6870", "6871", "6872"} {
		text = strings.ReplaceAll(text, "127.0.0.1:"+port, freeAddr(t))
	}
	writeConfig(t, dir, text)
	sh := newShell(t, dir)
	listen := regexp.MustCompile(`mts://(\S+)`).FindStringSubmatch(text)[1]
	for _, s := range steps(text) {
		if args, ok := strings.CutPrefix(s.command, "mtsd serve "); ok {
			if !strings.Contains(args, "--config") {
				args += " --listen " + listen
			}
			sh.serve(t, args, s.output)
			continue
		}
		if got := sh.run(t, s.command); !matches(s.output, got) {
			t.Errorf("$ %s\n%s\nwant:\n%s", s.command, got, s.output)
		}
	}
}

// writeConfig makes the file that the README shows with cat.
func writeConfig(t *testing.T, dir, readme string) {
	t.Helper()
	for _, s := range steps(readme) {
		if name, ok := strings.CutPrefix(s.command, "cat "); ok {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(s.output), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func matches(pattern, got string) bool {
	pattern = strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(pattern)), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSpace(got))
}

func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// A shell runs commands one after the other, as a terminal would.
type shell struct {
	in  io.Writer
	out *bufio.Reader
	dir string
}

func newShell(t *testing.T, dir string) *shell {
	t.Helper()
	cmd := exec.Command("bash")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		fmt.Fprintln(in, "kill $(jobs -p); wait; exit")
		io.Copy(io.Discard, out)
		cmd.Wait()
	})
	return &shell{in, bufio.NewReader(out), dir}
}

// run returns what a command prints.
func (s *shell) run(t *testing.T, command string) string {
	t.Helper()
	fmt.Fprintf(s.in, "{ %s\n} </dev/null 2>&1; echo; echo done\n", command)
	var got strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			t.Fatalf("$ %s: %v", command, err)
		}
		if line == "done\n" {
			return strings.TrimSuffix(got.String(), "\n")
		}
		got.WriteString(strings.Replace(line, "\r\n", "\n", 1))
	}
}

// serve starts a server in the background, waits until it is ready and checks
// what it has printed. $TOKEN and $PIN are then set to what it has told.
func (s *shell) serve(t *testing.T, args, want string) {
	t.Helper()
	s.run(t, "rm -f log; mkfifo log; mtsd serve "+args+" >out 2>log & sed '/ready/q' <log >/dev/null")
	out, err := os.ReadFile(filepath.Join(s.dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	if !matches(want, string(out)) {
		t.Errorf("mtsd serve %s:\n%s\nwant:\n%s", args, out, want)
	}
	if told := regexp.MustCompile(`MTS_PASSWORD=(\S+) .*--pin (\S+)`).FindSubmatch(out); told != nil {
		s.run(t, fmt.Sprintf("TOKEN=%s PIN=%s", told[1], told[2]))
	}
}
