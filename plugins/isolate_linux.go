package plugins

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// nobody is the user and group that an isolated worker sees itself as. It
// isn't root there, so that it has no capabilities.
const nobody = 65534

// niceness is how much less a worker's computing counts than the server's.
const niceness = 5

// isolate gives a process that is to be started a process group of its own, so
// that a terminal's signals don't reach it, and if asked for, namespaces
// without a network and other users.
func isolate(cmd *exec.Cmd, namespaces bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if !namespaces {
		return
	}
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC
	cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Geteuid(), Size: 1}}
	cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getegid(), Size: 1}}
}

// lower makes a worker give way to the server.
func lower(pid int) { _ = unix.Setpriority(unix.PRIO_PGRP, pid, niceness) }
