//go:build unix

package worker

import (
	"os"
	"syscall"
)

// polled returns f for a reader that waits in the runtime's poller. So the
// thread that got a call goes on with it, instead of waking another one.
func polled(f *os.File) *os.File {
	if syscall.SetNonblock(int(f.Fd()), true) != nil {
		return f
	}
	return os.NewFile(f.Fd(), f.Name())
}
