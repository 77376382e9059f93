package transport

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrInterrupted is what a read returns after Interrupt. The connection can
// still be used.
var ErrInterrupted = errors.New("read interrupted")

const (
	// MaxPiece is the most, in bytes, that is written under one write deadline.
	// A peer has to read that much in each write timeout.
	MaxPiece = 256 << 10

	// record is the most plaintext, in bytes, in a TLS record (RFC 8446, 5.1).
	record = 16 << 10

	// linger bounds how long Close waits for the peer to close its side too, and
	// maxUnread how many bytes it reads meanwhile.
	linger    = time.Second
	maxUnread = 256 << 10
)

// A Conn is one connection.
type Conn struct {
	io     net.Conn // what is read and written: the socket, or TLS over it
	socket *socket
	tcp    *net.TCPConn    // nil if the socket is something else, or with TLS
	raw    syscall.RawConn // likewise
	gather *gatherer       // nil without TLS
	tls    *tls.Conn
	corked bool
	secure atomic.Bool // there is TLS

	mu          sync.Mutex // guards the fields below and the socket's read deadline
	deadline    time.Time  // of reads
	interrupted bool       // the next read has to return ErrInterrupted
	handshaking bool       // the interrupt waits until the handshake has ended
}

// New returns a Conn over nc, without TLS. Each MaxPiece bytes that are written
// have to leave within writeTimeout; 0 is no limit.
func New(nc net.Conn, writeTimeout time.Duration) *Conn {
	s := &socket{Conn: nc, timeout: writeTimeout}
	c := &Conn{io: s, socket: s}
	if tcp, ok := nc.(*net.TCPConn); ok {
		if raw, err := tcp.SyscallConn(); err == nil {
			c.tcp, c.raw, s.raw = tcp, raw, raw
		}
	}
	return c
}

// Handshake makes the connection that of a TLS server. The caller bounds its
// time. An interrupt takes effect after it.
func (c *Conn) Handshake(config *tls.Config) error {
	c.setHandshaking(true)
	defer c.setHandshaking(false)
	g := &gatherer{socket: c.socket}
	t := tls.Server(g, config)
	if err := t.Handshake(); err != nil {
		return err
	}
	c.io, c.gather, c.tls, c.tcp, c.raw = t, g, t, nil, nil
	c.secure.Store(true)
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

// LocalAddr returns the address that the peer has connected to.
func (c *Conn) LocalAddr() net.Addr { return c.socket.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.socket.RemoteAddr() }

// Read reads into p.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.io.Read(p)
	return n, c.readError(err)
}

// readOne is ReadPooled for a connection that can't tell whether there is
// input: it waits for one byte, without a buffer of the pool.
func (c *Conn) readOne(pool *sync.Pool) (*[]byte, int, error) {
	var first [1]byte
	if _, err := io.ReadFull(c.io, first[:]); err != nil {
		return nil, 0, c.readError(err)
	}
	b := pool.Get().(*[]byte)
	(*b)[0] = first[0]
	return b, 1, nil
}

// SetReadDeadline makes reads fail from the time t on. The zero time is no
// limit.
func (c *Conn) SetReadDeadline(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	c.updateDeadline()
}

// Interrupt makes one read return ErrInterrupted: the one that waits, or else
// the next that would have to wait. Any goroutine may call it.
func (c *Conn) Interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.interrupted = true
	c.updateDeadline()
}

// HungUp reports whether the peer is gone: it has reset the connection or, with
// TLS, closed its side of the TCP connection. Without TLS a peer that has closed
// its side may still read. Input that waits stays there. HungUp knows this of
// TCP on Linux; elsewhere it reports false. Any goroutine may call it.
func (c *Conn) HungUp() bool {
	return c.socket.raw != nil && hungUp(c.socket.raw, c.secure.Load())
}

func (c *Conn) setHandshaking(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.handshaking = on
	c.updateDeadline()
}

// updateDeadline sets the socket's read deadline. An interrupt is a deadline in
// the past. The caller holds c.mu.
func (c *Conn) updateDeadline() {
	switch {
	case c.handshaking:
		c.socket.SetReadDeadline(time.Time{})
	case c.interrupted:
		c.socket.SetReadDeadline(time.Unix(1, 0))
	default:
		c.socket.SetReadDeadline(c.deadline)
	}
}

// readError returns ErrInterrupted for a deadline that Interrupt has set.
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
	c.updateDeadline()
	return ErrInterrupted
}

// Write writes p. With TLS, some of it may wait for Flush.
func (c *Conn) Write(p []byte) (int, error) {
	if c.gather != nil && c.gather.pool == nil && len(p) > record {
		c.gather.pool = &replyBuffers
	}
	return c.io.Write(p)
}

// ReadFrom writes all that r holds, by sendfile where the platform has it. Some
// of it may wait for Flush. It has one write deadline, so r should hold at most
// MaxPiece bytes.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	if c.tcp != nil {
		c.cork(true)
		c.socket.startTimeout()
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

// Flush sends what waits.
func (c *Conn) Flush() error {
	if c.gather != nil {
		return c.gather.flush()
	}
	c.cork(false)
	return nil
}

// cork makes TCP hold back the last segment as long as it isn't full.
func (c *Conn) cork(on bool) {
	if c.corked != on && c.raw != nil {
		c.corked = on
		setCork(c.raw, on)
	}
}

// CloseWrite sends what waits and tells the peer that nothing more will come, with
// close_notify if there is TLS.
func (c *Conn) CloseWrite() error {
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
		return c.socket.Close()
	}
	return half.CloseWrite()
}

// Close is CloseWrite, and then waits up to a second for the peer to close its
// side. If it closed with input unread, TCP would drop what the peer hasn't read
// yet. Of a peer that goes on sending, Close reads at most 256 KiB, and resets the
// connection at the end of that second.
func (c *Conn) Close() error {
	end := time.Now().Add(linger)
	if err := c.CloseWrite(); err != nil {
		c.Abort()
		return err
	}
	if c.drain(end) < maxUnread {
		return c.socket.Close()
	}
	time.Sleep(time.Until(end))
	c.Abort()
	return nil
}

// drain reads until the peer closes its side, until end, or maxUnread bytes, and
// returns how many it has read. An interrupt doesn't shorten it.
func (c *Conn) drain(end time.Time) (n int) {
	b := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(b)
	for n < maxUnread && time.Now().Before(end) {
		c.socket.SetReadDeadline(end)
		m, err := c.socket.Read((*b)[:min(len(*b), maxUnread-n)])
		n += m
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
	}
	return n
}

// Abort resets the connection, without close_notify, so that the peer knows that
// something is missing. Reads and writes under way fail. Any goroutine may call
// it.
func (c *Conn) Abort() { Reset(c.socket.Conn) }

// Reset closes a connection at once. Over TCP the peer gets a reset (RFC 9293,
// 3.5.2) rather than a proper end, and what waits to be sent is dropped.
func Reset(nc net.Conn) {
	if tcp, ok := nc.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	nc.Close()
}
