//go:build linux || darwin

package admin

import (
	"errors"
	"net"
)

// peerOf asks the kernel for the process at the other end.
func peerOf(conn net.Conn) (p peer, err error) {
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return p, err
	}
	failed := raw.Control(func(fd uintptr) { p, err = credentials(int(fd)) })
	return p, errors.Join(failed, err)
}
