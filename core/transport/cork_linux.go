package transport

import "syscall"

// setCork turns TCP_CORK on or off. An error costs speed and nothing else, so it
// is ignored.
func setCork(raw syscall.RawConn, on bool) {
	v := 0
	if on {
		v = 1
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_CORK, v)
	})
}
