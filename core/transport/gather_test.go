package transport

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// A counter counts what is written to a connection.
type counter struct {
	net.Conn
	mu     sync.Mutex
	writes []int // sizes
}

func (c *counter) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.writes = append(c.writes, len(p))
	c.mu.Unlock()
	return c.Conn.Write(p)
}

// take returns the sizes of the writes since the last call.
func (c *counter) take() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.writes
	c.writes = nil
	return w
}

func countedTLS(t *testing.T) (*Conn, *counter, net.Conn) {
	server, client := tcpPair(t)
	n := &counter{Conn: server}
	c := New(n, patience)
	c.SetReadDeadline(time.Now().Add(patience))
	peer := handshake(t, c, client)
	n.take()
	return c, n, peer
}

// Records of a file leave together in writes of up to 256 KiB, those of a reply
// in writes of up to 80 KiB.
func TestGather(t *testing.T) {
	content := random(2 << 20)
	for name, send := range map[string]func(c *Conn) error{
		"Write": func(c *Conn) error { _, err := c.Write(content); return err },
		"ReadFrom": func(c *Conn) error {
			_, err := c.ReadFrom(bytes.NewReader(content))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, n, peer := countedTLS(t)
			got := receive(peer, len(content))
			if err := send(c); err != nil {
				t.Fatal(err)
			}
			if err := c.Flush(); err != nil {
				t.Fatal(err)
			}
			if b, err := got(); err != nil || !bytes.Equal(b, content) {
				t.Fatalf("got %d other bytes, %v", len(b), err)
			}
			writes := n.take()
			for i, size := range writes {
				last, most := i == len(writes)-1, MaxPiece
				if name == "Write" {
					most = 80 << 10
				}
				if size > most || !last && size < most-2*record {
					t.Errorf("write %d of %d has %d bytes", i+1, len(writes), size)
				}
			}
			if c.gather.buf != nil || c.gather.pool != nil {
				t.Error("something is held after Flush")
			}
		})
	}
}

// A small reply leaves at once, in one write.
func TestSmallReply(t *testing.T) {
	c, n, peer := countedTLS(t)
	for _, size := range []int{1, 1 << 10, record} {
		got := receive(peer, size)
		if _, err := c.Write(random(size)); err != nil {
			t.Fatal(err)
		}
		if b, err := got(); len(b) != size || err != nil {
			t.Fatalf("got %d bytes, %v", len(b), err)
		}
		if writes := n.take(); len(writes) != 1 {
			t.Errorf("%d bytes: writes of %d", size, writes)
		}
	}
}

// What is held leaves before the connection waits for an answer to it.
func TestFlushBeforeRead(t *testing.T) {
	c, _, peer := countedTLS(t)
	content := random(100 << 10)
	go func() {
		b := make([]byte, len(content))
		io.ReadFull(peer, b)
		peer.Write(b[:1])
	}()
	if _, err := c.Write(content); err != nil {
		t.Fatal(err)
	}
	if c.gather.buf == nil {
		t.Error("nothing is held")
	}
	b := make([]byte, 1)
	if _, err := c.Read(b); err != nil || b[0] != content[0] {
		t.Errorf("answer %v, %v", b, err)
	}
}
