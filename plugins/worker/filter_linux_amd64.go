package worker

import "golang.org/x/sys/unix"

const nativeArch = unix.AUDIT_ARCH_X86_64

// plainHere are plain calls that other architectures don't have. Calls of the
// x32 ABI have numbers of their own and are on no list.
var plainHere = []uint32{unix.SYS_EPOLL_WAIT, unix.SYS_ARCH_PRCTL}
