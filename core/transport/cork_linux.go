package transport

import "syscall"

// setCork sets TCP_CORK. Without it a file's last, short segment and its
// status line would leave apart; so an error costs speed alone.
func setCork(raw syscall.RawConn, on bool) {
	v := 0
	if on {
		v = 1
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_CORK, v)
	})
}
