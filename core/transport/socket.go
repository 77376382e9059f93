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
		m, err := s.Conn.Write(p[n:min(len(p), n+piece)])
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

// A gather stands under a tls.Conn. While hold is set, it collects the records
// and writes them together, when its buffer is full and on flush.
type gather struct {
	*socket
	hold bool
	buf  *[]byte // pooled; nil while nothing waits
}

var gatherBuffers = sync.Pool{New: func() any { b := make([]byte, 0, piece); return &b }}

func (g *gather) Write(p []byte) (int, error) {
	if !g.hold {
		return g.socket.Write(p)
	}
	if g.buf != nil && len(*g.buf)+len(p) > piece {
		if err := g.send(); err != nil {
			return 0, err
		}
	}
	if g.buf == nil {
		g.buf = gatherBuffers.Get().(*[]byte)
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
	g.hold = false
	return g.send()
}

func (g *gather) send() error {
	if g.buf == nil {
		return nil
	}
	b := g.buf
	g.buf = nil
	_, err := g.socket.Write(*b)
	*b = (*b)[:0]
	gatherBuffers.Put(b)
	return err
}
