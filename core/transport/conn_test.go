package transport

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds a test that hangs.
const patience = 20 * time.Second

// serverTLS is a server's configuration with a certificate of its own.
var serverTLS = sync.OnceValues(func() (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates:                []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		SessionTicketsDisabled:      true,
		DynamicRecordSizingDisabled: true,
	}, nil
})

// tcpPair returns the two ends of a loopback connection.
func tcpPair(t testing.TB) (server, client net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err = net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Close()
		client.Close()
	})
	client.SetDeadline(time.Now().Add(patience))
	return server, client
}

// handshake makes both ends TLS.
func handshake(t testing.TB, c *Conn, client net.Conn) *tls.Conn {
	t.Helper()
	config, err := serverTLS()
	if err != nil {
		t.Fatal(err)
	}
	peer := tls.Client(client, &tls.Config{InsecureSkipVerify: true})
	done := make(chan error, 1)
	go func() { done <- peer.Handshake() }()
	err = c.Handshake(config)
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	return peer
}

// kinds are the connections that a Conn may stand on.
var kinds = map[string]func(testing.TB) (*Conn, net.Conn){
	"tcp": func(t testing.TB) (*Conn, net.Conn) {
		server, client := tcpPair(t)
		return New(server, patience), client
	},
	"tls": func(t testing.TB) (*Conn, net.Conn) {
		server, client := tcpPair(t)
		c := New(server, patience)
		return c, handshake(t, c, client)
	},
	"pipe": func(t testing.TB) (*Conn, net.Conn) {
		server, client := net.Pipe()
		t.Cleanup(func() {
			server.Close()
			client.Close()
		})
		client.SetDeadline(time.Now().Add(patience))
		return New(server, patience), client
	},
}

// each runs a test over every kind of connection.
func each(t *testing.T, test func(t *testing.T, c *Conn, client net.Conn)) {
	for name, dial := range kinds {
		t.Run(name, func(t *testing.T) {
			c, client := dial(t)
			c.SetReadDeadline(time.Now().Add(patience))
			test(t, c, client)
		})
	}
}

// random returns n bytes that don't repeat.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// receive reads n bytes, or all for -1, while the test goes on.
func receive(client io.Reader, n int) func() ([]byte, error) {
	type result struct {
		b   []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		if n >= 0 {
			client = io.LimitReader(client, int64(n))
		}
		b, err := io.ReadAll(client)
		done <- result{b, err}
	}()
	return func() ([]byte, error) {
		r := <-done
		return r.b, r.err
	}
}

func newPool() *sync.Pool {
	return &sync.Pool{New: func() any { b := make([]byte, 64); return &b }}
}

// A part of a file arrives as it is, with what was written before and behind.
func TestReadFrom(t *testing.T) {
	content := random(3 << 20)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	const offset, size = 12345, 2<<20 + 777
	each(t, func(t *testing.T, c *Conn, client net.Conn) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Seek(offset, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		want := append(append([]byte("head"), content[offset:offset+size]...), "tail"...)
		got := receive(client, len(want))
		io.WriteString(c, "head")
		for left := int64(size); left > 0; {
			n, err := c.ReadFrom(&io.LimitedReader{R: f, N: min(left, MaxPiece)})
			if err != nil || n != min(left, MaxPiece) {
				t.Fatalf("ReadFrom: %d, %v", n, err)
			}
			left -= n
		}
		io.WriteString(c, "tail")
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		if b, err := got(); err != nil || !bytes.Equal(b, want) {
			t.Errorf("got %d other bytes, %v", len(b), err)
		}
	})
}

// A source that ends early is no error: the count tells.
func TestReadFromShort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, c *Conn, client net.Conn) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got := receive(client, 5)
		if n, err := c.ReadFrom(&io.LimitedReader{R: f, N: 100}); n != 5 || err != nil {
			t.Errorf("ReadFrom: %d, %v", n, err)
		}
		c.Flush()
		if b, err := got(); string(b) != "short" || err != nil {
			t.Errorf("got %q, %v", b, err)
		}
	})
}

func TestReadPooled(t *testing.T) {
	each(t, func(t *testing.T, c *Conn, client net.Conn) {
		pool := newPool()
		go func() {
			client.Write(nil)
			client.Write([]byte("noop\n"))
			client.Close()
		}()
		buf, n, err := c.ReadPooled(pool)
		if err != nil || buf == nil || n < 1 {
			t.Fatalf("ReadPooled: %v, %d, %v", buf, n, err)
		}
		line := (*buf)[:n]
		for len(line) < len("noop\n") {
			n, err := c.Read((*buf)[len(line):])
			if err != nil {
				t.Fatal(err)
			}
			line = (*buf)[:len(line)+n]
		}
		if string(line) != "noop\n" {
			t.Errorf("read %q", line)
		}
		if buf, n, err := c.ReadPooled(pool); buf != nil || n != 0 || err != io.EOF {
			t.Errorf("at the end: %v, %d, %v; want io.EOF", buf, n, err)
		}
	})
}

func TestWriteTimeout(t *testing.T) {
	for _, name := range []string{"tcp", "pipe"} {
		t.Run(name, func(t *testing.T) {
			c, _ := kinds[name](t)
			c.SetWriteTimeout(time.Millisecond)
			_, err := c.Write(make([]byte, 64<<20)) // more than any socket buffers
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("got %v; want a deadline", err)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	c, client := kinds["tcp"](t)
	if got, want := c.RemoteAddr().String(), client.LocalAddr().String(); got != want {
		t.Errorf("the peer is %s; want %s", got, want)
	}
	if got, want := c.LocalAddr().String(), client.RemoteAddr().String(); got != want {
		t.Errorf("we are %s; want %s", got, want)
	}
	if c.TLS() != nil {
		t.Error("plain TCP has a TLS state")
	}
	if c, _ := kinds["tls"](t); c.TLS() == nil || c.TLS().Version != tls.VersionTLS13 {
		t.Error("TLS has none, or an old one")
	}
}

func TestHandshakeFails(t *testing.T) {
	server, client := tcpPair(t)
	c := New(server, patience)
	io.WriteString(client, "file c:\\setup.log\r\n")
	config, err := serverTLS()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Handshake(config); err == nil || c.TLS() != nil {
		t.Errorf("Handshake with noise: %v, state %v", err, c.TLS())
	}
}
