package admin

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// peerOf asks the kernel (unix(7), SO_PEERCRED).
func peerOf(conn net.Conn) (p peer, err error) {
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return p, err
	}
	var cred *unix.Ucred
	failed := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(failed, err); err != nil {
		return p, err
	}
	return peer{uid: int(cred.Uid), pid: int(cred.Pid)}, nil
}
