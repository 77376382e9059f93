package transport

import (
	"net"
	"sync"
	"time"
)

// A socket is the connection itself, with a deadline on every write.
type socket struct {
	net.Conn
	timeout time.Duration
}

// Write writes p in pieces, each with the whole timeout.
func (s *socket) Write(p []byte) (n int, err error) {
	for {
		s.arm()
		m, err := s.Conn.Write(p[n:min(len(p), n+MaxPiece)])
		n += m
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

// arm starts the timeout of the next write.
func (s *socket) arm() {
	if s.timeout > 0 {
		s.SetWriteDeadline(time.Now().Add(s.timeout))
	}
}

// A gather stands under a tls.Conn. While it has a pool, it collects the
// records in a buffer of that and writes them together, when the buffer is
// full and on flush.
type gather struct {
	*socket
	pool *sync.Pool // nil: records go out as they come
	buf  *[]byte    // of the pool; nil while nothing waits
}

// What is gathered: a reply of up to 64 KiB with its records' overhead, or a
// large file. A peer that doesn't read costs as much memory.
var (
	replyBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 80<<10); return &b }}
	fileBuffers  = sync.Pool{New: func() any { b := make([]byte, 0, MaxPiece); return &b }}
)

func (g *gather) Write(p []byte) (int, error) {
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

// Read sends what is held first: the peer may be waiting for it.
func (g *gather) Read(p []byte) (int, error) {
	if err := g.flush(); err != nil {
		return 0, err
	}
	return g.socket.Read(p)
}

// flush sends what is held and ends the holding.
func (g *gather) flush() error {
	err := g.send()
	g.pool = nil
	return err
}

// send writes what is held and gives the buffer back.
func (g *gather) send() error {
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
