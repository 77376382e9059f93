package plugins

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"
)

// A worker is alone in a network without interfaces, has no environment, no
// privileges and no folder of its own.
func TestIsolated(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"a": numbered("A", 1)})
	proc := fmt.Sprintf("/proc/%d/", b.status("a").PID)
	if env, err := os.ReadFile(proc + "environ"); err == nil && len(env) > 0 {
		t.Errorf("its environment is %q", env)
	}
	if dir, err := os.Readlink(proc + "cwd"); err == nil && dir != "/" {
		t.Errorf("its folder is %s", dir)
	}
	if how := b.workers.refused.Load(); isolations()[how] == noIsolation {
		t.Skip("no namespaces here")
	}
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	if net, err := os.Readlink(proc + "ns/net"); err == nil && net == own {
		t.Error("it has the server's network")
	}
	checkCapabilities(t, proc)
}

// checkCapabilities checks that no thread of a process has capabilities, or in a
// program built with cgo that one thread has none: only it has given them up.
func checkCapabilities(t *testing.T, proc string) {
	t.Helper()
	threads, err := filepath.Glob(proc + "task/*/status")
	if err != nil || len(threads) == 0 {
		t.Fatalf("no threads in %s: %v", proc, err)
	}
	without := 0
	for _, thread := range threads {
		if status := fields(t, thread); status["CapEff"] == "0000000000000000" && status["CapPrm"] == "0000000000000000" {
			without++
		}
	}
	info, _ := debug.ReadBuildInfo()
	cgo := slices.Contains(info.Settings, debug.BuildSetting{Key: "CGO_ENABLED", Value: "1"})
	if without == 0 || !cgo && without < len(threads) {
		t.Errorf("%d of %d threads have no capabilities", without, len(threads))
	}
}
