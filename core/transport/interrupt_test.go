package transport

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// An interrupt ends the next read that waits, and nothing else: the deadline
// and the input are as before.
func TestInterrupt(t *testing.T) {
	each(t, func(t *testing.T, c *Conn, client net.Conn) {
		pool := newPool()
		for range 3 {
			c.Interrupt()
			c.Interrupt()
			if buf, _, err := c.ReadPooled(pool); buf != nil || err != ErrInterrupted {
				t.Fatalf("ReadPooled: %v, %v; want ErrInterrupted", buf, err)
			}
			go io.WriteString(client, "x")
			buf, n, err := c.ReadPooled(pool)
			if err != nil || n != 1 || (*buf)[0] != 'x' {
				t.Fatalf("ReadPooled: %d, %v; want x", n, err)
			}
			c.Interrupt()
			if _, err := c.Read(make([]byte, 1)); err != ErrInterrupted {
				t.Fatalf("Read: %v; want ErrInterrupted", err)
			}
		}
		got := receive(client, 1)
		if _, err := c.Write([]byte("y")); err != nil {
			t.Errorf("Write: %v", err)
		}
		if b, err := got(); string(b) != "y" || err != nil {
			t.Errorf("the client got %q, %v", b, err)
		}
	})
}

func TestInterruptKeepsDeadline(t *testing.T) {
	each(t, func(t *testing.T, c *Conn, _ net.Conn) {
		read := func() error {
			_, _, err := c.ReadPooled(newPool())
			return err
		}
		past := time.Unix(2, 0)
		c.SetReadDeadline(past)
		if err := read(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after a deadline: %v", err)
		}
		c.Interrupt()
		if err := read(); err != ErrInterrupted {
			t.Errorf("after an interrupt: %v", err)
		}
		if err := read(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the deadline is gone: %v", err)
		}
		c.Interrupt()
		c.SetReadDeadline(time.Now().Add(patience))
		if err := read(); err != ErrInterrupted {
			t.Errorf("a new deadline undid the interrupt: %v", err)
		}
	})
}

// A connection that waits has no buffer; what it waits for may be an interrupt.
func TestWaiting(t *testing.T) {
	for _, secure := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			server, client := net.Pipe()
			defer client.Close()
			c := New(server, 0)
			defer c.Abort()
			if secure {
				client = handshake(t, c, client)
			}
			var taken atomic.Int32
			pool := &sync.Pool{New: func() any { taken.Add(1); b := make([]byte, 64); return &b }}
			for _, wake := range []func(){c.Interrupt, func() { io.WriteString(client, "x") }} {
				done := make(chan error, 1)
				go func() {
					_, _, err := c.ReadPooled(pool)
					done <- err
				}()
				synctest.Wait()
				if taken.Load() != 0 {
					t.Error("a buffer is held while waiting")
				}
				wake()
				if err := <-done; err != nil && err != ErrInterrupted {
					t.Error(err)
				}
			}
			if taken.Load() != 1 {
				t.Errorf("%d buffers were taken for one line", taken.Load())
			}
		})
	}
}

// A handshake isn't interrupted, the read after it is.
func TestInterruptHandshake(t *testing.T) {
	config, err := serverTLS()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		defer client.Close()
		c := New(server, 0)
		defer c.Abort()
		c.Interrupt()
		done := make(chan error, 1)
		go func() { done <- c.Handshake(config) }()
		synctest.Wait()
		c.Interrupt()
		synctest.Wait()
		peer := tls.Client(client, &tls.Config{InsecureSkipVerify: true})
		if err := errors.Join(peer.Handshake(), <-done); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err != ErrInterrupted {
			t.Errorf("got %v; want ErrInterrupted", err)
		}
	})
}

// Interrupts that come at any time lose nothing of the input.
func TestInterruptStorm(t *testing.T) {
	each(t, func(t *testing.T, c *Conn, client net.Conn) {
		content := random(256 << 10)
		go client.Write(content)
		stop := make(chan struct{})
		enough := sync.OnceFunc(func() { close(stop) })
		var storm sync.WaitGroup
		defer storm.Wait()
		defer enough()
		for range 2 {
			storm.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						c.Interrupt()
					}
				}
			})
		}
		got := make([]byte, 0, len(content))
		b := make([]byte, 4<<10)
		interrupts := 0
		for len(got) < len(content) {
			if interrupts == 100 {
				enough()
			}
			n, err := c.Read(b)
			got = append(got, b[:n]...)
			if err == ErrInterrupted {
				interrupts++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if string(got) != string(content) {
			t.Error("the input came differently")
		}
	})
}

// Abort ends whatever is under way.
func TestAbortConcurrent(t *testing.T) {
	each(t, func(t *testing.T, c *Conn, client net.Conn) {
		ended := make(chan error, 1)
		go func() {
			for {
				if _, err := c.Write(make([]byte, 1<<20)); err != nil {
					ended <- err
					return
				}
				if err := c.Flush(); err != nil {
					ended <- err
					return
				}
			}
		}()
		var others sync.WaitGroup
		for range 4 {
			others.Go(c.Interrupt)
			others.Go(c.Abort)
		}
		others.Wait()
		if err := <-ended; !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the write ended with %v", err)
		}
	})
}
