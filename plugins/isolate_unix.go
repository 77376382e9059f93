//go:build unix && !linux

package plugins

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// niceness is how much less a worker's computing counts than the server's.
const niceness = 5

// isolate gives a process that is to be started a process group of its own, so
// that a terminal's signals don't reach it. There are no namespaces.
func isolate(cmd *exec.Cmd, _ bool) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// lower makes a worker give way to the server.
func lower(pid int) { _ = unix.Setpriority(unix.PRIO_PGRP, pid, niceness) }
