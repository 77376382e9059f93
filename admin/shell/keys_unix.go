//go:build unix

package shell

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// keys returns the bytes that are typed, until ctx ends. Once the channel is
// closed, it reads nothing more from the terminal.
func keys(ctx context.Context, stdin io.Reader) <-chan byte {
	c := make(chan byte)
	f, ok := terminal(stdin)
	if !ok {
		close(c)
		return c
	}
	go func() {
		defer close(c)
		fd := int(f.Fd())
		var b [1]byte
		for ctx.Err() == nil {
			var set unix.FdSet
			set.Set(fd)
			wait := unix.Timeval{Usec: 50_000}
			if n, _ := unix.Select(fd+1, &set, nil, nil, &wait); n <= 0 {
				continue
			}
			if n, err := unix.Read(fd, b[:]); n <= 0 && err != unix.EINTR {
				return
			}
			select {
			case c <- b[0]:
			case <-ctx.Done():
			}
		}
	}()
	return c
}

// resizes returns a channel that gets a value when the terminal's size changes.
func resizes() (c chan os.Signal, stop func()) {
	c = make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGWINCH)
	return c, func() { signal.Stop(c) }
}
