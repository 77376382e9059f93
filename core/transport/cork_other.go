//go:build !linux

package transport

import "syscall"

func setCork(syscall.RawConn, bool) {}
