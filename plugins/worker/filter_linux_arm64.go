package worker

import "golang.org/x/sys/unix"

const nativeArch = unix.AUDIT_ARCH_AARCH64

// plainHere are plain calls that other architectures don't have.
var plainHere []uint32
