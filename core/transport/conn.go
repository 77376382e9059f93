// Package transport carries a session's bytes: over TCP, over TLS, or over any
// other net.Conn such as a pipe.
//
// What makes it fast is measured, not assumed. Under TLS, records are gathered
// into writes of 256 KiB. On plain TCP, files leave by sendfile with TCP_CORK
// held until the reply is whole. A connection that waits for input holds no
// buffer.
//
// A Conn belongs to one goroutine. The others may call Interrupt and Abort,
// and nothing else.
package transport

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// ErrInterrupted is what a read returns after Interrupt. The connection is as
// good as before.
var ErrInterrupted = errors.New("read interrupted")

const (
	// MaxPiece is the most that is written under one write deadline, and so, with
	// the write timeout, sets the least rate at which a peer has to read.
	MaxPiece = 256 << 10

	// record is the most plaintext that one TLS record holds (RFC 8446, 5.1).
	record = 16 << 10

	// linger bounds how long Close waits for the peer to hang up too.
	linger = time.Second
)

// A Conn is one connection.
type Conn struct {
	io     net.Conn // what is read and written: the socket, or TLS over it
	socket *socket
	tcp    *net.TCPConn // nil if the socket is something else
	raw    syscall.RawConn
	gather *gather // nil without TLS
	tls    *tls.Conn
	corked bool

	mu          sync.Mutex // guards what follows, together with the socket's read deadline
	deadline    time.Time  // of reads, but for an interrupt
	interrupted bool
	shaking     bool // hands; an interrupt waits until that is done
}

// New returns a Conn over nc, without TLS. Each write of up to 256 KiB has to
// be taken by the peer's side within writeTimeout; 0 means without limit.
func New(nc net.Conn, writeTimeout time.Duration) *Conn {
	s := &socket{Conn: nc, timeout: writeTimeout}
	c := &Conn{io: s, socket: s}
	if tcp, ok := nc.(*net.TCPConn); ok {
		if raw, err := tcp.SyscallConn(); err == nil {
			c.tcp, c.raw = tcp, raw
		}
	}
	return c
}

// Handshake makes the connection a TLS server's. The caller bounds its time.
// An interrupt doesn't disturb it.
func (c *Conn) Handshake(config *tls.Config) error {
	c.shake(true)
	defer c.shake(false)
	g := &gather{socket: c.socket}
	t := tls.Server(g, config)
	if err := t.Handshake(); err != nil {
		return err
	}
	c.io, c.gather, c.tls, c.tcp, c.raw = t, g, t, nil, nil
	return nil
}

// TLS returns the state of the TLS connection, or nil without TLS.
func (c *Conn) TLS() *tls.ConnectionState {
	if c.tls == nil {
		return nil
	}
	state := c.tls.ConnectionState()
	return &state
}

// SetWriteTimeout changes the write timeout.
func (c *Conn) SetWriteTimeout(d time.Duration) { c.socket.timeout = d }

// LocalAddr returns the address at which the peer reached us.
func (c *Conn) LocalAddr() net.Addr { return c.socket.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.socket.RemoteAddr() }

// Read reads into p.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.io.Read(p)
	return n, c.readError(err)
}

// readOne waits for one byte, in a buffer of that size, and then takes one of
// the pool.
func (c *Conn) readOne(pool *sync.Pool) (*[]byte, int, error) {
	var first [1]byte
	if _, err := io.ReadFull(c.io, first[:]); err != nil {
		return nil, 0, c.readError(err)
	}
	b := pool.Get().(*[]byte)
	(*b)[0] = first[0]
	return b, 1, nil
}

// SetReadDeadline ends the reads from now on at t; the zero time never does.
func (c *Conn) SetReadDeadline(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	c.arm()
}

// Interrupt makes the read under way, or else the next one that waits, return
// ErrInterrupted. Any goroutine may call it.
func (c *Conn) Interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.interrupted = true
	c.arm()
}

// shake begins or ends a handshake.
func (c *Conn) shake(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shaking = on
	c.arm()
}

// arm sets the socket's read deadline to what it has to be now.
func (c *Conn) arm() {
	switch {
	case c.shaking:
		c.socket.SetReadDeadline(time.Time{})
	case c.interrupted:
		c.socket.SetReadDeadline(time.Unix(1, 0))
	default:
		c.socket.SetReadDeadline(c.deadline)
	}
}

// readError tells an interrupt from a deadline that has passed.
func (c *Conn) readError(err error) error {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.interrupted {
		return os.ErrDeadlineExceeded
	}
	c.interrupted = false
	c.arm()
	return ErrInterrupted
}

// Write writes p. Under TLS much of it may wait for Flush.
func (c *Conn) Write(p []byte) (int, error) {
	if c.gather != nil && c.gather.pool == nil && len(p) > record {
		c.gather.pool = &replyBuffers
	}
	return c.io.Write(p)
}

// ReadFrom writes all that r holds, by sendfile where the platform can; some
// of it may wait for Flush. It is meant for pieces of at most MaxPiece bytes,
// since one write deadline covers it.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	if c.tcp != nil {
		c.cork(true)
		c.socket.arm()
		return c.tcp.ReadFrom(r)
	}
	if c.gather != nil {
		c.gather.pool = &fileBuffers
	}
	b := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(b)
	return io.CopyBuffer(struct{ io.Writer }{c.io}, struct{ io.Reader }{r}, *b)
}

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// Flush sends what has been held back.
func (c *Conn) Flush() error {
	if c.gather != nil {
		return c.gather.flush()
	}
	c.cork(false)
	return nil
}

// cork makes TCP hold back a last segment that isn't full.
func (c *Conn) cork(on bool) {
	if c.corked != on && c.raw != nil {
		c.corked = on
		setCork(c.raw, on)
	}
}

// Close sends what has been held back, says that nothing more will come, with
// close_notify under TLS, and waits a moment for the peer to hang up: closing
// with input unread would make TCP drop what the peer hasn't read yet.
func (c *Conn) Close() error {
	defer c.Abort()
	if err := c.Flush(); err != nil {
		return err
	}
	if c.tls != nil {
		if err := c.tls.CloseWrite(); err != nil {
			return err
		}
	}
	half, ok := c.socket.Conn.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	if err := half.CloseWrite(); err != nil {
		return err
	}
	c.drain(time.Now().Add(linger))
	return nil
}

// drain reads what comes until the peer hangs up, or until end. An interrupt
// doesn't shorten it.
func (c *Conn) drain(end time.Time) {
	b := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(b)
	for time.Now().Before(end) {
		c.socket.SetReadDeadline(end)
		_, err := c.socket.Read(*b)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
	}
}

// Abort closes the connection at once, without close_notify, so that the peer
// can tell that something is missing. Any goroutine may call it; reads and
// writes under way fail.
func (c *Conn) Abort() { c.socket.Close() }
