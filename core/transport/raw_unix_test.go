//go:build unix

package transport

import (
	"io"
	"sync"
	"syscall"
	"testing"
)

// A rawConn says of fd that it is readable often before it is.
type rawConn struct {
	syscall.RawConn
	fd    int
	early int    // calls in vain
	ready func() // makes it readable
}

func (r rawConn) Read(f func(fd uintptr) bool) error {
	for range r.early {
		if f(uintptr(r.fd)) {
			return nil
		}
	}
	r.ready()
	for !f(uintptr(r.fd)) {
	}
	return nil
}

// Without input the buffer goes back to the pool, every time.
func TestReadRaw(t *testing.T) {
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fds[0])
	if err := syscall.SetNonblock(fds[0], true); err != nil {
		t.Fatal(err)
	}
	taken := 0
	pool := &sync.Pool{New: func() any { taken++; b := make([]byte, 64); return &b }}
	raw := rawConn{fd: fds[0], early: 1000, ready: func() { syscall.Write(fds[1], []byte("noop\n")) }}
	buf, n, err := readRaw(raw, pool)
	if err != nil || string((*buf)[:n]) != "noop\n" {
		t.Fatalf("got %d bytes, %v", n, err)
	}
	if taken > raw.early/2 { // the race detector makes a pool forget a part
		t.Errorf("%d buffers were made for %d calls", taken, raw.early)
	}
	raw.ready = func() { syscall.Close(fds[1]) }
	if buf, n, err := readRaw(raw, pool); buf != nil || n != 0 || err != io.EOF {
		t.Errorf("at the end: %v, %d, %v", buf, n, err)
	}
	raw.fd, raw.early = -1, 1
	if buf, _, err := readRaw(raw, pool); buf != nil || err == nil || err == io.EOF {
		t.Errorf("bad descriptor: %v, %v", buf, err)
	}
}
