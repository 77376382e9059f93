package transport

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// hungUp reports whether the peer of a socket has reset the connection or, if
// fin is set, has closed its side. Input that waits isn't touched.
func hungUp(raw syscall.RawConn, fin bool) bool {
	end := int16(unix.POLLERR | unix.POLLHUP)
	if fin {
		end |= unix.POLLRDHUP
	}
	var p [1]unix.PollFd
	err := raw.Control(func(fd uintptr) {
		p[0] = unix.PollFd{Fd: int32(fd), Events: end}
		_, _ = unix.Poll(p[:], 0) // an error reports nothing
	})
	return err == nil && p[0].Revents&end != 0
}
