package plugins

import (
	"fmt"
	"os"
	"strings"
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
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(status), "CapEff:\t0000000000000000") {
		t.Errorf("it has capabilities:\n%s", status)
	}
}
