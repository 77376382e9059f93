// Package tmuxtest drives programs in a terminal, for tests.
package tmuxtest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long a screen may take to show what it should.
const patience = 20 * time.Second

// A Pane is a terminal of tmux with an ordinary shell in it, whose prompt is
// "sh> ". A method that fails ends the test.
type Pane struct {
	t      *testing.T
	server string
}

// New returns a pane of width columns and height lines, which ends with the test.
// It skips the test if there is no tmux.
func New(t *testing.T, width, height int) *Pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux isn't installed")
	}
	p := &Pane{t, filepath.Join(t.TempDir(), "tmux")}
	p.tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "env PS1='sh> ' sh")
	t.Cleanup(func() { p.tmux("kill-server") })
	p.Shows("sh>")
	return p
}

func (p *Pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", p.server}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// Keys types; names such as Enter and C-c are keys.
func (p *Pane) Keys(keys ...string) {
	p.t.Helper()
	p.tmux(append([]string{"send-keys"}, keys...)...)
}

// Resize makes the terminal larger or smaller.
func (p *Pane) Resize(width, height int) {
	p.t.Helper()
	p.tmux("resize-window", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height))
}

// Shows waits until the screen ends in text, without blank lines behind it. If text
// begins with "…", the rest of it may stand anywhere.
func (p *Pane) Shows(text string) {
	p.t.Helper()
	screen := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		screen = strings.TrimRight(p.tmux("capture-pane", "-p"), "\n ")
		if any, ok := strings.CutPrefix(text, "…"); ok && strings.Contains(screen, any) || strings.HasSuffix(screen, text) {
			return
		}
	}
	p.t.Fatalf("the screen never shows %q:\n%s", text, screen)
}
