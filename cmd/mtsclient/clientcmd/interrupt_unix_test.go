//go:build unix

package clientcmd

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A second interrupt ends the program, whatever it is doing, and a shell loop ends at
// the first.
func TestInterrupts(t *testing.T) {
	b := newBench(t)
	b.put("big", random(8<<20))
	stalled := make(chan struct{})
	addr := newStaller(t, b.addr, 3<<20, stalled, nil)
	script := `for i in 1 2 3; do mtsclient --server "$0" --pin "$1" -o "$2" big; echo "ended $?"; done`
	cmd := exec.Command("bash", "-c", script, addr, b.pin, b.saved)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Skip("no bash: ", err)
	}
	<-stalled
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if died := cmd.ProcessState.String(); died != "signal: interrupt" || strings.Contains(out.String(), "ended") || !strings.Contains(out.String(), "-c the next run goes on") {
		t.Errorf("%s, output %q", died, out.String())
	}
}
