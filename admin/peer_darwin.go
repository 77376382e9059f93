package admin

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// peerOf asks the kernel (unix(4), LOCAL_PEERCRED).
func peerOf(conn net.Conn) (p peer, err error) {
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return p, err
	}
	var cred *unix.Xucred
	failed := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
		p.pid, _ = unix.GetsockoptInt(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	})
	if err := errors.Join(failed, err); err != nil {
		return p, err
	}
	p.uid = int(cred.Uid)
	return p, nil
}
