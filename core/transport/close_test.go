package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A recorder keeps the last bytes that were read: crypto/tls itself doesn't tell
// a missing close_notify from one that came.
type recorder struct {
	net.Conn
	last []byte
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.last = append(r.last, p[:n]...)
	r.last = r.last[max(0, len(r.last)-len(closeNotify)-19):]
	return n, err
}

// closeNotify begins a record of two encrypted bytes, which can only be an
// alert (RFC 8446, 5.2).
var closeNotify = []byte{23, 3, 3, 0, 19}

// Close sends all and says under TLS that it is all. Abort doesn't, and resets a
// TCP connection.
func TestEnd(t *testing.T) {
	for _, test := range []struct {
		kind  string
		close bool
	}{{"tcp", true}, {"tls", true}, {"pipe", true}, {"tcp", false}, {"tls", false}, {"pipe", false}} {
		base, end := test.kind, (*Conn).Abort
		if base == "tls" {
			base = "tcp"
		}
		if test.close {
			end = func(c *Conn) { c.Close() }
		}
		c, client := kinds[base](t)
		record := &recorder{Conn: client}
		client = record
		if test.kind == "tls" {
			client = handshake(t, c, record)
		}
		done := receive(client, -1)
		io.WriteString(c, "#OK.\r\n")
		c.Flush()
		go end(c)
		b, err := done()
		if reset := errors.Is(err, syscall.ECONNRESET); string(b) != "#OK.\r\n" || reset != (!test.close && test.kind != "pipe") {
			t.Errorf("%s, closed %v: got %q, %v", test.kind, test.close, b, err)
		}
		client.Close()
		told := bytes.HasPrefix(record.last, closeNotify)
		if want := test.kind == "tls" && test.close; told != want {
			t.Errorf("%s, closed %v: close_notify came: %v", test.kind, test.close, told)
		}
	}
}

// Abort throws away what is held.
func TestAbortHeld(t *testing.T) {
	c, client := kinds["tls"](t)
	c.Write(random(2 * record))
	c.Abort()
	if b, _ := io.ReadAll(client); len(b) > 0 {
		t.Errorf("%d bytes came", len(b))
	}
}

// A client that sent more than was read still gets the whole reply, even when
// the session was told to end.
func TestCloseWithUnreadInput(t *testing.T) {
	reply := random(1 << 20)
	for _, kind := range []string{"tcp", "tls"} {
		t.Run(kind, func(t *testing.T) {
			c, client := kinds[kind](t)
			if _, err := client.Write(make([]byte, 16<<10)); err != nil {
				t.Fatal(err)
			}
			var sending sync.WaitGroup
			sending.Go(func() { client.Write(make([]byte, 4<<20)) })
			c.Interrupt()
			go func() {
				c.Write(reply)
				sending.Go(c.Interrupt)
				c.Close()
			}()
			b, err := io.ReadAll(client)
			if err != nil || !bytes.Equal(b, reply) {
				t.Errorf("got %d bytes of %d, %v", len(b), len(reply), err)
			}
			client.Close()
			sending.Wait()
		})
	}
}

// A halfPipe can be closed for writing, as TCP can.
type halfPipe struct{ net.Conn }

func (halfPipe) CloseWrite() error { return nil }

// Close waits for a peer that doesn't hang up, but not long, and no shorter
// because of an interrupt.
func TestCloseSilentPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		defer client.Close()
		c := New(halfPipe{server}, 0)
		start := time.Now()
		time.AfterFunc(linger/2, c.Interrupt)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != linger {
			t.Errorf("Close took %v; want %v", took, linger)
		}
		if _, err := c.Write([]byte("x")); err == nil {
			t.Error("a write after Close succeeds")
		}
	})
}

func TestCloseGone(t *testing.T) {
	for _, kind := range []string{"tcp", "tls", "pipe"} {
		c, client := kinds[kind](t)
		client.Close()
		c.Close() // any error will do; it must return
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s: a read after Close succeeds", kind)
		}
	}
}

// Of a peer that goes on sending, Close reads a bounded amount. Then the connection
// is reset.
func TestCloseReadsLittle(t *testing.T) {
	for _, kind := range []string{"tcp", "tls"} {
		server, client := tcpPair(t)
		counted := &inputCounter{TCPConn: server.(*net.TCPConn)}
		c := New(counted, 0)
		if kind == "tls" {
			client = handshake(t, c, client)
		}
		before := counted.n
		var sending sync.WaitGroup
		sending.Go(func() { io.Copy(client, zeros{}) })
		c.Close()
		sending.Wait()
		if n := counted.n - before; n > maxUnread {
			t.Errorf("%s: %d bytes were read", kind, n)
		}
	}
}

// An inputCounter counts what is read.
type inputCounter struct {
	*net.TCPConn
	n int
}

func (c *inputCounter) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.n += n
	return n, err
}

// zeros never end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
