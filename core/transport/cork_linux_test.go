package transport

import (
	"strings"
	"syscall"
	"testing"
)

// TCP is corked from the first piece of a file until Flush.
func TestCork(t *testing.T) {
	c, _ := kinds["tcp"](t)
	want := func(when string, on int) {
		t.Helper()
		var got int
		var err error
		c.raw.Control(func(fd uintptr) {
			got, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_CORK)
		})
		if err != nil || got != on {
			t.Errorf("%s: TCP_CORK is %d, %v; want %d", when, got, err, on)
		}
	}
	c.Write([]byte("#OK.\r\n"))
	want("a small reply", 0)
	for range 2 {
		c.ReadFrom(strings.NewReader("file"))
		want("a file", 1)
		c.Write([]byte("#File sent.\r\n"))
		want("its status line", 1)
		c.Flush()
		want("Flush", 0)
	}
}
