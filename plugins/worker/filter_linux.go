//go:build linux && (amd64 || arm64)

package worker

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// plain are the system calls that Go's runtime, and the C library in programs
// built with cgo, need to compute and to use pipes. The most frequent come first.
var plain = append([]uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_FUTEX, unix.SYS_EPOLL_PWAIT, unix.SYS_NANOSLEEP,
	unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_GETTIMEOFDAY, unix.SYS_SCHED_YIELD,
	unix.SYS_MADVISE, unix.SYS_MUNMAP, unix.SYS_MINCORE, unix.SYS_BRK,
	unix.SYS_RT_SIGRETURN, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGACTION, unix.SYS_SIGALTSTACK,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_RESTART_SYSCALL,
	unix.SYS_CLOSE, unix.SYS_FCNTL, unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EVENTFD2,
	unix.SYS_GETRANDOM, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_MEMBARRIER, unix.SYS_SCHED_GETAFFINITY,
}, plainHere...)

// Offsets in struct seccomp_data; the arguments are 8 bytes each, of which the
// lower half is looked at.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
)

// rules are a program for seccomp(2), which returns what is to be done about a
// system call.
type rules []unix.SockFilter

func (p *rules) add(code uint16, k uint32, jt, jf uint8) {
	*p = append(*p, unix.SockFilter{Code: code, Jt: jt, Jf: jf, K: k})
}

func (p *rules) load(offset uint32) { p.add(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offset, 0, 0) }
func (p *rules) end(action uint32)  { p.add(unix.BPF_RET|unix.BPF_K, action, 0, 0) }

// endIf ends with an action if what was loaded compares to k as test says.
func (p *rules) endIf(test uint16, k, action uint32) {
	p.add(unix.BPF_JMP|unix.BPF_K|test, k, 0, 1)
	p.end(action)
}

// call adds a rule for a system call, which depends on one argument: if that
// compares to k as test says, the action is yes, or else no.
func (p *rules) call(number uint32, argument int, test uint16, k, yes, no uint32) {
	p.add(unix.BPF_JMP|unix.BPF_K|unix.BPF_JEQ, number, 0, 4)
	p.load(offArgs + 8*uint32(argument))
	p.endIf(test, k, yes)
	p.end(no)
}

const (
	allow  = unix.SECCOMP_RET_ALLOW
	refuse = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	absent = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

// filter returns the list of what is allowed. Of all calls that make processes
// it allows threads alone, of those that send signals the runtime's to its own
// threads, and no memory becomes code.
func filter(pid int) (p rules) {
	p.load(offArch)
	p.add(unix.BPF_JMP|unix.BPF_K|unix.BPF_JEQ, nativeArch, 1, 0)
	p.end(refuse)
	p.load(offNumber)
	for _, number := range plain {
		p.endIf(unix.BPF_JEQ, number, allow)
	}
	p.endIf(unix.BPF_JEQ, unix.SYS_CLONE3, absent) // its flags are out of sight; the C library goes on with clone
	p.call(unix.SYS_CLONE, 0, unix.BPF_JSET, unix.CLONE_THREAD, allow, refuse)
	p.call(unix.SYS_TGKILL, 0, unix.BPF_JEQ, uint32(pid), allow, refuse)
	p.call(unix.SYS_PRCTL, 0, unix.BPF_JEQ, unix.PR_SET_VMA, allow, refuse) // names of mappings
	p.call(unix.SYS_MMAP, 2, unix.BPF_JSET, unix.PROT_EXEC, refuse, allow)
	p.call(unix.SYS_MPROTECT, 2, unix.BPF_JSET, unix.PROT_EXEC, refuse, allow)
	p.end(refuse)
	return p
}

// filterCalls puts the filter in force for all threads of the process, for ever.
func filterCalls() error {
	runtime.LockOSThread() // the next two calls have to be one thread's
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	p := filter(os.Getpid())
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	if thread != 0 {
		return fmt.Errorf("thread %d has another filter", thread)
	}
	return nil
}
