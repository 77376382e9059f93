package client_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mts/core/client"
	"mts/core/wire"
)

// A tape is a connection to a server that says what is on it, up to the next
// NUL in one go, and doesn't listen.
type tape struct {
	net.Conn // nil: nothing else is used
	rest     *[]byte
}

func (t tape) Read(p []byte) (int, error) {
	if len(*t.rest) == 0 {
		return 0, io.EOF
	}
	said, _, _ := bytes.Cut(*t.rest, []byte{0})
	n := copy(p, said)
	*t.rest = bytes.TrimPrefix((*t.rest)[n:], []byte{0})
	return n, nil
}

func (t tape) Write(p []byte) (int, error)      { return len(p), nil }
func (t tape) Close() error                     { return nil }
func (t tape) SetReadDeadline(time.Time) error  { return nil }
func (t tape) SetWriteDeadline(time.Time) error { return nil }

// Whatever a server says, calls end, and a file that is said to be whole has
// the length that the server said.
func FuzzReplies(f *testing.F) {
	f.Add([]byte("#[bytes=5 size=5] x\r\n\x00$5\r\nhello#[bytes=5 size=5] x\r\n\x00#"))
	f.Add([]byte("$5\r\nhello#[bytes=5 size=5 modify=20260102030405 etag=%41] x\r\n*note\r\n\x00$2\r\nhe#[bytes=2 size=9] x\r\n"))
	f.Add([]byte("$19\r\ntype=file;size=1; a#OK.\r\n\x00$11\r\ntype=dir; d\r\n#OK.\r\n"))
	f.Add([]byte("![code=not-found] No.\r\n\x00#OK.\r\n\x00$66\r\n" + strings.Repeat("0", 64) + " x#OK.\r\n"))
	f.Add([]byte("$16777216\r\n"))
	f.Fuzz(func(t *testing.T, said []byte) {
		for _, call := range []func(*client.Conn){fetch(t), fetchPart(t), list(t), describe} {
			rest := append([]byte(greeting+"\x00"), said...)
			tape := tape{rest: &rest}
			c, err := client.Dial(t.Context(), "mts+plain://tape", client.Options{
				Dial: func(context.Context, string, string) (net.Conn, error) { return tape, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				call(c)
			}
			c.Close()
		}
	})
}

func fetch(t *testing.T) func(*client.Conn) {
	return func(c *client.Conn) {
		var b bytes.Buffer
		if info, err := c.Fetch(t.Context(), "x", &b); err == nil && info.Size != int64(b.Len()) {
			t.Errorf("%d bytes of %+v", b.Len(), info)
		}
	}
}

func fetchPart(t *testing.T) func(*client.Conn) {
	return func(c *client.Conn) {
		var b bytes.Buffer
		info, err := c.FetchPart(t.Context(), "x", 2, 4, &b)
		if n := int64(b.Len()); n > 4 || err == nil && n != min(4, info.Size-2) {
			t.Errorf("%d bytes of %+v", n, info)
		}
	}
}

func list(t *testing.T) func(*client.Conn) {
	return func(c *client.Conn) {
		for e, err := range c.List(t.Context(), "x") {
			if err == nil && (e.Name == "" || e.Size < 0 || wire.HasControl(e.Name)) {
				t.Errorf("entry %+v", e)
			}
		}
	}
}

func describe(c *client.Conn) {
	ctx := context.Background()
	c.Login(ctx, "u", "p")
	c.Stat(ctx, "x")
	c.Hash(ctx, "x")
	c.Do(ctx, "NOOP", io.Discard)
}
