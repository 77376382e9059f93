package plugins

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"mts/plugins/internal/link"
)

// nobody is the user and group that a worker sees itself as. It isn't root
// there, so that it has the capabilities it is given and no others.
const nobody = 65534

// niceness is how much less a worker's computing counts than the server's.
const niceness = 5

// An isolation is how well a worker can be kept apart from its start on.
type isolation int

// From the best to the least.
const (
	otherUser isolation = iota // namespaces, and another user than the server's
	namespaces
	noIsolation
)

// isolations returns those that are to be tried, the best first. Only root may
// start a process of another user.
func isolations() []isolation {
	if os.Geteuid() == 0 {
		return []isolation{otherUser, namespaces, noIsolation}
	}
	return []isolation{namespaces, noIsolation}
}

// isolate gives a process that is to be started a process group of its own, so
// that a terminal's signals don't reach it, and namespaces of its own: users,
// mounts, processes, network, IPC and host name. The capabilities over them that it
// begins with are what it needs to make itself an empty root, and it gives them
// up then.
//
// Another user's process can't follow the way to the program if that leads
// through a private folder; so the program is opened here. The function returned
// is to be called after the start.
func isolate(cmd *exec.Cmd, how isolation) (done func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if how == noIsolation {
		return func() {}, nil
	}
	uid, gid := os.Geteuid(), os.Getegid()
	if how == otherUser {
		uid, gid = nobody, nobody
	}
	attr := cmd.SysProcAttr
	attr.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID |
		syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: uid, Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: gid, Size: 1}}
	attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SYS_CHROOT}
	if how == namespaces {
		return func() {}, nil
	}
	attr.GidMappingsEnableSetgroups = true
	attr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	program, err := unix.Open(cmd.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: cmd.Path, Err: err}
	}
	cmd.Path = fmt.Sprintf("/proc/self/fd/%d", program)
	return func() { unix.Close(program) }, nil
}

// isRefusal reports whether a start has failed because the system doesn't give
// the isolation, and not for lack of something at the moment.
func isRefusal(err error) bool {
	return slices.ContainsFunc([]error{unix.EPERM, unix.EACCES, unix.EINVAL, unix.ENOSYS, unix.ENOSPC, unix.EUSERS},
		func(refusal error) bool { return errors.Is(err, refusal) })
}

// lacks says what a worker is without, "" if nothing.
func (how isolation) lacks() string {
	switch {
	case how == noIsolation:
		return "namespaces"
	case how == namespaces && os.Geteuid() == 0:
		return "a user of its own"
	}
	return ""
}

// lowerPriority makes a worker give way to the server.
func lowerPriority(pid int) { _ = unix.Setpriority(unix.PRIO_PGRP, pid, niceness) }

// enlarge makes room for more in a pipe, if the system lets it, so that writer
// and reader wait for each other less often.
func enlarge(pipe *os.File) { _, _ = unix.FcntlInt(pipe.Fd(), unix.F_SETPIPE_SZ, 4*link.Chunk) }
