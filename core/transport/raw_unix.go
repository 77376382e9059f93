//go:build unix

package transport

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
)

// ReadPooled waits for input, then takes a buffer, a *[]byte, from the pool and
// reads into it. With an error the buffer is nil.
func (c *Conn) ReadPooled(pool *sync.Pool) (*[]byte, int, error) {
	if c.raw == nil {
		return c.readOne(pool)
	}
	b, n, err := readRaw(c.raw, pool)
	return b, n, c.readError(err)
}

// readRaw tries to read each time the socket may be readable.
func readRaw(raw syscall.RawConn, pool *sync.Pool) (buf *[]byte, n int, err error) {
	waitErr := raw.Read(func(fd uintptr) bool {
		b := pool.Get().(*[]byte)
		n, err = retryRead(int(fd), *b)
		if n > 0 {
			buf = b
			return true
		}
		pool.Put(b)
		return !errors.Is(err, syscall.EAGAIN)
	})
	switch {
	case waitErr != nil:
		return nil, 0, waitErr
	case err != nil:
		return nil, 0, os.NewSyscallError("read", err)
	case n == 0:
		return nil, 0, io.EOF
	}
	return buf, n, nil
}

func retryRead(fd int, b []byte) (n int, err error) {
	for {
		n, err = syscall.Read(fd, b)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
