package transport

import (
	"net"
	"sync"
	"syscall"
	"time"
)

// A socket is the connection below TLS, with a deadline for every write.
type socket struct {
	net.Conn
	timeout time.Duration
	raw     syscall.RawConn // nil if the connection isn't TCP
}

// Write writes p in pieces, each with a timeout of its own.
func (s *socket) Write(p []byte) (n int, err error) {
	for {
		s.startTimeout()
		m, err := s.Conn.Write(p[n:min(len(p), n+MaxPiece)])
		n += m
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

// startTimeout starts the timeout of the next write.
func (s *socket) startTimeout() {
	if s.timeout > 0 {
		s.SetWriteDeadline(time.Now().Add(s.timeout))
	}
}

// A gatherer is the connection below a tls.Conn. While it has a pool, it
// collects records in a buffer of the pool. It writes them together when the
// buffer is full, before a read, and on flush.
type gatherer struct {
	*socket
	pool *sync.Pool // nil: each record is written at once
	buf  *[]byte    // from the pool; nil while nothing waits
}

// The buffers hold a reply of up to 64 KiB as records, or a piece of a large
// file. A peer that doesn't read costs one of them.
var (
	replyBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 80<<10); return &b }}
	fileBuffers  = sync.Pool{New: func() any { b := make([]byte, 0, MaxPiece); return &b }}
)

func (g *gatherer) Write(p []byte) (int, error) {
	if g.pool == nil {
		return g.socket.Write(p)
	}
	if g.buf != nil && len(*g.buf)+len(p) > cap(*g.buf) {
		if err := g.send(); err != nil {
			return 0, err
		}
	}
	if g.buf == nil {
		g.buf = g.pool.Get().(*[]byte)
	}
	*g.buf = append(*g.buf, p...)
	return len(p), nil
}

// Read sends what waits first: the peer may not send anything before it has it.
func (g *gatherer) Read(p []byte) (int, error) {
	if err := g.flush(); err != nil {
		return 0, err
	}
	return g.socket.Read(p)
}

// flush sends what waits, and has later records written at once.
func (g *gatherer) flush() error {
	err := g.send()
	g.pool = nil
	return err
}

// send writes what waits and gives the buffer back.
func (g *gatherer) send() error {
	if g.buf == nil {
		return nil
	}
	b := g.buf
	g.buf = nil
	_, err := g.socket.Write(*b)
	*b = (*b)[:0]
	if cap(*b) == MaxPiece {
		fileBuffers.Put(b)
	} else {
		replyBuffers.Put(b)
	}
	return err
}
