package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mts/core/harness"
)

// What the caller left open reaches no worker of a plugin, nor the process of an
// upgrade.
func TestLeakedDescriptors(t *testing.T) {
	s := prepareService(t, upgradable+"[plugins]\ndir = \"../plugins.d\"\n")
	harness.Must(t, os.Mkdir(s.path("plugins.d"), 0o755))
	output(t, s.path("plugins.d"), "plugin", "new", "hello")
	s.write("leak", "secret\n")
	leak, err := os.Open(s.path("leak"))
	harness.Must(t, err)
	defer leak.Close()
	cmd := exec.Command("mtsd")
	cmd.ExtraFiles = []*os.File{leak, leak}
	s.start(cmd)
	workers := children(t, s.pid)
	if len(workers) == 0 {
		t.Fatal("there is no worker")
	}
	s.withoutLeak(workers...)
	old := s.upgrade()
	s.withoutLeak(append(children(t, s.pid), s.pid)...)
	s.ends(old)
	s.end()
}

// withoutLeak checks that none of the processes has the file "leak" open.
func (s *service) withoutLeak(pids ...int) {
	s.t.Helper()
	for _, pid := range pids {
		links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		if err != nil || len(links) == 0 {
			s.t.Errorf("process %d shows no descriptors: %v", pid, err)
		}
		for _, link := range links {
			if to, _ := os.Readlink(link); to == s.path("leak") {
				s.t.Errorf("process %d has %s", pid, link)
			}
		}
	}
}

// children returns the processes that a process has started.
func children(t *testing.T, pid int) (pids []int) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil || len(lists) == 0 {
		t.Skip("the kernel doesn't list children:", err)
	}
	for _, list := range lists {
		text, _ := os.ReadFile(list) // a thread may have ended
		for field := range strings.FieldsSeq(string(text)) {
			var child int
			if _, err := fmt.Sscan(field, &child); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}
