package clientcmd

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A terminalPair is a pseudo terminal; a program runs on their end.
type terminalPair struct {
	ours, theirs *os.File

	mu      sync.Mutex
	grown   *sync.Cond
	screen  bytes.Buffer // all that was written to it
	closed  bool
	reading sync.WaitGroup
}

func newTerminal(t *testing.T, width, height uint16) *terminalPair {
	t.Helper()
	t.Setenv("TERM", "xterm")
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(ours.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height}); err != nil {
		t.Fatal(err)
	}
	term := &terminalPair{ours: ours, theirs: theirs}
	term.grown = sync.NewCond(&term.mu)
	term.reading.Go(term.read)
	t.Cleanup(func() { term.close(); ours.Close() })
	return term
}

func (p *terminalPair) read() {
	buf := make([]byte, 4096)
	for {
		n, err := p.ours.Read(buf)
		p.mu.Lock()
		p.screen.Write(buf[:n])
		p.closed = err != nil
		p.mu.Unlock()
		p.grown.Broadcast()
		if err != nil { // EIO, once nobody has the other end
			return
		}
	}
}

// wait returns once the screen shows text; it is false if it never will.
func (p *terminalPair) wait(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !strings.Contains(p.screen.String(), text) {
		if p.closed {
			return false
		}
		p.grown.Wait()
	}
	return true
}

// waitHidden returns once what is typed isn't shown.
func (p *terminalPair) waitHidden(t *testing.T) {
	t.Helper()
	for {
		state, err := unix.IoctlGetTermios(int(p.theirs.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if state.Lflag&unix.ECHO == 0 {
			return
		}
		runtime.Gosched()
	}
}

// close returns all that was shown.
func (p *terminalPair) close() string {
	p.theirs.Close()
	p.reading.Wait()
	return p.screen.String()
}

// start runs the command on the terminal; code is there when it has ended.
func (p *terminalPair) start(args ...string) (code chan int) {
	code = make(chan int, 1)
	go func() { code <- Run(args, p.theirs, p.theirs, p.theirs) }()
	return code
}

func TestPrompt(t *testing.T) {
	for _, test := range []struct {
		typed string
		code  int
	}{{"secret\n", exitOK}, {"wrong\n", exitLogin}, {"\n", exitLogin}} {
		b := newBench(t)
		b.put("x", "content")
		t.Setenv("MTS_PASSWORD", "")
		term := newTerminal(t, 80, 24)
		code := term.start("--server", b.addr, "--pin", b.pin, "-o", b.saved, "--user", "default", "x")
		if !term.wait("Password of default at " + b.addr + ": ") {
			t.Fatal("no prompt")
		}
		term.waitHidden(t)
		term.ours.WriteString(test.typed)
		got := <-code
		screen := term.close()
		if got != test.code || strings.Contains(screen, "secret") || strings.Contains(screen, "wrong") {
			t.Errorf("%q: code %d, screen %q; want code %d", test.typed, got, screen, test.code)
		}
		if saved := strings.Contains(screen, "x has been saved.\r\n"); saved != (test.code == exitOK) {
			t.Errorf("%q: screen %q", test.typed, screen)
		}
	}
}

func TestTrustPrompt(t *testing.T) {
	b := newBench(t)
	b.put("x", "content")
	known := filepath.Join(t.TempDir(), "known")
	for _, test := range []struct {
		typed string
		code  int
	}{{"no\n", exitTLS}, {"\n", exitTLS}, {"maybe\nno\n", exitTLS}, {"maybe\nYES\n", exitOK}} {
		term := newTerminal(t, 80, 24)
		code := term.start("--server", b.addr, "--known-hosts", known, "-o", b.saved, "x")
		if !term.wait("Trust it from now on? (yes/no) ") {
			t.Fatal("no question")
		}
		term.ours.WriteString(test.typed)
		got := <-code
		if screen := term.close(); got != test.code || !strings.Contains(screen, b.pin) {
			t.Errorf("%q: code %d, screen %q; want code %d", test.typed, got, screen, test.code)
		}
	}
	if code, _, errs := run("--server", b.addr, "--known-hosts", known, "-o", b.saved, "--force", "x"); code != 0 {
		t.Errorf("afterwards: code %d, stderr %q", code, errs)
	}
}

// Ctrl-C ends a prompt at once, and the terminal shows what is typed again.
func TestInterruptedPrompt(t *testing.T) {
	b := newBench(t)
	b.put("x", "content")
	for prompt, args := range map[string][]string{
		"Password of default":                  {"--pin", b.pin},
		"Trust it from now on? (yes/no) ":      {"--known-hosts", filepath.Join(t.TempDir(), "known")},
		"Password of default at " + b.addr[:4]: {"--pin", b.pin, "--json"},
	} {
		t.Setenv("MTS_PASSWORD", map[bool]string{true: "secret"}[strings.HasPrefix(prompt, "Trust")])
		term := newTerminal(t, 80, 24)
		before, err := unix.IoctlGetTermios(int(term.theirs.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("mtsclient", append(args, "--server", b.addr, "-o", b.saved, "x")...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = term.theirs, term.theirs, term.theirs
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if !term.wait(prompt) {
			t.Fatal("no prompt")
		}
		if strings.HasPrefix(prompt, "Password") {
			term.waitHidden(t)
		}
		term.ours.WriteString("ab\x03")
		cmd.Wait()
		after, err := unix.IoctlGetTermios(int(term.theirs.Fd()), unix.TCGETS)
		if died := cmd.ProcessState.String(); err != nil || died != "signal: interrupt" || *after != *before {
			t.Errorf("%q: %s, terminal %+v, %v; was %+v", prompt, died, after, err, before)
		}
		term.close()
	}
}

// With few files that may be open, more of them are saved all the same.
func TestFewDescriptors(t *testing.T) {
	b := newBench(t)
	want := make(map[string]string)
	for i := range 300 {
		name := fmt.Sprintf("tree/%d/%d", i%30, i)
		want[name] = random(1000 + i + i%25/24*(2<<20)) // some in pieces
		b.put(name, want[name])
	}
	cmd := exec.Command("sh", "-c", `ulimit -n 24; exec mtsclient "$@"`, "sh", "--server", b.addr, "--pin", b.pin, "-o", b.saved, "-q", "-r", "tree")
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %.300s", err, out)
	}
	b.holds(want)
}

// Bars appear on a terminal, however narrow, and the reports above them.
func TestBars(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"one", "two", "a-file-with-a-rather-long-name-for-such-a-terminal"} {
		b.put(name, random(6<<20))
	}
	for _, size := range []struct{ width, height uint16 }{{80, 24}, {20, 5}, {5, 2}, {0, 0}} {
		term := newTerminal(t, size.width, size.height)
		stalled, goOn := make(chan struct{}), make(chan struct{})
		addr := newStaller(t, b.addr, 5<<20, stalled, goOn) // behind the first pieces
		code := term.start("--server", addr, "--pin", b.pin, "-o", b.saved, "--force", "*")
		<-stalled
		if size.width == 80 && !term.wait(" % ") || size.width == 20 && !term.wait("0/3 files") {
			t.Errorf("%v: no bar for the file that is under way", size)
		}
		close(goOn)
		got := <-code
		screen := term.close()
		if got != 0 || strings.Count(screen, " has been saved.\r\n") != 3 {
			t.Errorf("%v: code %d, screen %q", size, got, screen)
		}
		if bars := regexp.MustCompile(`3/3 files .*iB/s`).MatchString(screen); size.width == 80 && !bars || size.width == 0 && bars {
			t.Errorf("%v: bars %v, screen %q", size, bars, screen)
		}
		checkWidth(t, screen, int(size.width))
	}
}

// checkWidth fails the test for a line of bars wider than the terminal.
func checkWidth(t *testing.T, screen string, width int) {
	t.Helper()
	escapes := regexp.MustCompile(`\x1b\[[0-9]*[A-Za-z]`)
	for line := range strings.SplitSeq(escapes.ReplaceAllString(screen, "\r\n"), "\r\n") {
		if n := len([]rune(line)); width > 0 && n > width && !strings.HasSuffix(line, "saved.") {
			t.Errorf("%d columns for %d: %q", n, width, line)
		}
	}
}

// For a tree, a terminal shows one line in the end, and with -v one for each file.
func TestTreeOnTerminal(t *testing.T) {
	b := newBench(t)
	for i := range 30 {
		b.put(fmt.Sprintf("tree/f%d", i), "content")
	}
	for flag, lines := range map[string]int{"--force": 0, "-v": 30} {
		term := newTerminal(t, 80, 24)
		code := <-term.start("--server", b.addr, "--pin", b.pin, "-o", b.saved, "--force", flag, "-r", "tree")
		screen := term.close()
		if code != 0 || strings.Count(screen, "has been saved.") != lines || lines == 0 && !strings.HasSuffix(screen, "30 files saved.\r\n") {
			t.Errorf("%s: code %d, screen %q", flag, code, screen)
		}
	}
}

// --delete asks first.
func TestDeletePrompt(t *testing.T) {
	b := tree(t)
	mine := filepath.Join(b.saved, "tree", "mine")
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, answer := range []string{"no", "yes"} {
		term := newTerminal(t, 80, 24)
		code := term.start("--server", b.addr, "--pin", b.pin, "-o", b.saved, "-r", "-u", "--delete", "tree")
		if !term.wait("that the server no longer has? (yes/no) ") {
			t.Fatal("no question")
		}
		term.ours.WriteString(answer + "\n")
		got := <-code
		screen := term.close()
		if _, err := os.Stat(mine); got != 0 || (err == nil) != (answer == "no") || !strings.Contains(screen, "  tree/mine\r\n") {
			t.Errorf("%s: code %d, screen %q, %v", answer, got, screen, err)
		}
	}
}

// Nothing is drawn if it isn't wanted, or not for a terminal.
func TestNoBars(t *testing.T) {
	b := newBench(t)
	b.put("x", random(3<<20))
	for _, flag := range []string{"-q", "--json"} {
		term := newTerminal(t, 80, 24)
		code := <-term.start("--server", b.addr, "--pin", b.pin, "-o", b.saved, "--force", flag, "x")
		if screen := term.close(); code != 0 || strings.Contains(screen, "\x1b") || strings.Contains(screen, "files") {
			t.Errorf("%s: code %d, screen %q", flag, code, screen)
		}
	}
	term := newTerminal(t, 80, 24)
	t.Setenv("TERM", "dumb")
	code := <-term.start("--server", b.addr, "--pin", b.pin, "-o", b.saved, "--force", "x")
	if screen := term.close(); code != 0 || screen != "x has been saved.\r\n" {
		t.Errorf("TERM=dumb: code %d, screen %q", code, screen)
	}
	if code, out, errs := b.run("--force", "x"); code != 0 || out != "x has been saved.\n" || errs != "" {
		t.Errorf("in a pipe: code %d, %q, %q", code, out, errs)
	}
}

// What a server sends doesn't steer the terminal.
func TestDataOnTerminal(t *testing.T) {
	b := newBench(t)
	b.put("x", "a\x1b[2Jb\n")
	for _, args := range [][]string{{"-x", "FILE x"}, {"-o", "-", "-q", "x"}} {
		term := newTerminal(t, 80, 24)
		code := <-term.start(append([]string{"--server", b.addr, "--pin", b.pin}, args...)...)
		if screen := term.close(); code != 0 || !strings.HasPrefix(screen, `a\x1b[2Jb`+"\r\n") {
			t.Errorf("%q: code %d, screen %q", args, code, screen)
		}
	}
}
