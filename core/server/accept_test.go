package server_test

import (
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"mts/core/harness"
	"mts/core/server"
)

// A faulty listener fails with err before the time until, and then has conns.
// If again isn't 0, it fails for that long after each.
type faulty struct {
	err    error
	until  time.Time
	again  time.Duration
	conns  chan net.Conn
	closed chan struct{}
	close  func()
	tries  int
}

func newFaulty(err error, d time.Duration) *faulty {
	closed := make(chan struct{})
	return &faulty{
		err: err, until: time.Now().Add(d),
		conns: make(chan net.Conn), closed: closed, close: sync.OnceFunc(func() { close(closed) }),
	}
}

func (f *faulty) Accept() (net.Conn, error) {
	f.tries++
	if time.Now().Before(f.until) {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", f.err)}
	}
	select {
	case c := <-f.conns:
		if f.again > 0 {
			f.until = time.Now().Add(f.again)
		}
		return c, nil
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

func (f *faulty) Close() error   { f.close(); return nil }
func (f *faulty) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func logTo(j *harness.Log) func(*server.Config) {
	return func(c *server.Config) {
		c.Log = slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

// A lack of descriptors, or a client that was gone at once, passes: no exit,
// no spinning, no flood of the log, and then service as before.
func TestAcceptFails(t *testing.T) {
	for _, fault := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED, syscall.ENOBUFS} {
		t.Run(fault.Error(), func(t *testing.T) {
			var log harness.Log
			inBubble(t, seedFiles(t), logTo(&log), func(t *testing.T, s *server.Server) {
				old := enter(t, pipe(t, s))
				ln := newFaulty(fault, time.Minute)
				served := make(chan error, 1)
				go func() { served <- s.Serve(ln) }()
				time.Sleep(30 * time.Second)
				old.send("NOOP")
				old.want("#OK.")
				near, far := net.Pipe()
				ln.conns <- far
				if late := time.Since(ln.until); late > time.Second {
					t.Errorf("accepted %v after the fault had passed", late)
				}
				c := enter(t, near, "NOOP")
				c.send("QUIT")
				c.wantEnd("")
				if n := log.Count("msg=accept"); n < 1 || n > 60 {
					t.Errorf("%d lines in the log in a minute; want 1 to 60", n)
				}
				s.Close()
				if err := <-served; err != server.ErrServerClosed {
					t.Errorf("served until %v", err)
				}
				if ln.tries > 80 {
					t.Errorf("tried %d times in a minute", ln.tries)
				}
			})
		})
	}
}

// The pause grows from failure to failure, and begins anew after a success.
func TestAcceptRecovers(t *testing.T) {
	inBubble(t, t.TempDir(), nil, func(t *testing.T, s *server.Server) {
		ln := newFaulty(syscall.ECONNABORTED, time.Millisecond)
		ln.again = time.Millisecond
		served := make(chan error, 1)
		go func() { served <- s.Serve(ln) }()
		start := time.Now()
		for range 6 {
			near, far := net.Pipe()
			ln.conns <- far
			greet(t, near).Close()
		}
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("six single failures held it up for %v", took)
		}
		s.Close()
		<-served
	})
}
