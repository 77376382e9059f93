//go:build unix && !linux

package plugins

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// niceness is how much less a worker's computing counts than the server's.
const niceness = 5

// An isolation is how well a worker can be kept apart from its start on. There
// are no namespaces here.
type isolation int

func isolations() []isolation { return []isolation{0} }

// isolate gives a process that is to be started a process group of its own, so
// that a terminal's signals don't reach it.
func isolate(cmd *exec.Cmd, _ isolation) (done func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return func() {}, nil
}

func isRefusal(error) bool { return false }

func (isolation) lacks() string { return "namespaces" }

// lowerPriority makes a worker give way to the server.
func lowerPriority(pid int) { _ = unix.Setpriority(unix.PRIO_PGRP, pid, niceness) }

func enlarge(*os.File) {}
