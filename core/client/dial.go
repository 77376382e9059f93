package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"mts/core/wire"
)

// Dial connects to a server and enters block mode. The URL is
// mts://host[:6870] for TLS, mts+plain://host[:6871], or
// mts+starttls://host[:6871] for a plain port that is upgraded to TLS before
// anything else is sent. When Dial returns, the server has been verified, and
// nobody is logged in.
//
// The error wraps ErrURL, ErrTLS or ErrConnect. It is ErrTLS if the handshake
// failed or the server isn't trusted, with an *UnknownServer if the server is a
// new one.
func Dial(ctx context.Context, url string, o Options) (*Conn, error) {
	t, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout())
	defer cancel()
	dial := o.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	raw, err := dial(ctx, "tcp", t.addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	p := &timeoutConn{Conn: raw, timeout: o.timeout()}
	p.factor.Store(1)
	c, err := open(ctx, p, t, o)
	if err != nil {
		raw.Close()
		return nil, err
	}
	return c, nil
}

// open does the TLS handshake and enters block mode.
func open(ctx context.Context, p *timeoutConn, t target, o Options) (*Conn, error) {
	var nc net.Conn = p
	greetings := 2 // the server's, and the reply to MODE
	if t.scheme == schemeStartTLS {
		if err := startTLS(p); err != nil {
			return nil, err
		}
		greetings = 1
	}
	if t.scheme != schemePlain {
		config, err := tlsConfig(t, o)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTLS, err)
		}
		tc := tls.Client(p, config)
		if err := tc.HandshakeContext(ctx); err != nil {
			return nil, handshakeError(err)
		}
		nc = tc
	}
	c := newConn(nc, p, o.Notice)
	if err := c.greet(ctx, greetings); err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "remote error" { // a TLS alert, for example because the client has no certificate
			return nil, fmt.Errorf("%w: %w", ErrTLS, err)
		}
		return nil, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	return c, nil
}

// ErrNoTLS is wrapped, with ErrTLS, if what answers doesn't speak TLS.
var ErrNoTLS = errors.New("the server doesn't speak TLS here")

// handshakeError returns ErrConnect if the server doesn't answer or resets the
// connection, as it does with a banned client, and ErrTLS for other errors of the
// handshake.
func handshakeError(err error) error {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.Canceled) || errors.Is(err, syscall.ECONNRESET) {
		return fmt.Errorf("%w: no TLS handshake: %w", ErrConnect, err)
	}
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		err = ErrNoTLS
	}
	return fmt.Errorf("%w: %w", ErrTLS, err)
}

// startTLS asks a plain server for TLS. What the server sends after its
// answer would be unprotected, so more than that is an error.
func startTLS(p *timeoutConn) error {
	if _, err := io.WriteString(p, "STARTTLS\r\n"); err != nil {
		return fmt.Errorf("%w: %w", ErrConnect, err)
	}
	in := wire.NewReplyReader(p)
	for range 2 {
		reply, err := in.ReadReply(io.Discard, 0)
		if err != nil {
			return fmt.Errorf("%w: no greeting: %w", ErrConnect, err)
		}
		if err := reply.Err(); err != nil {
			return fmt.Errorf("%w: the server doesn't offer STARTTLS here: %w", ErrTLS, err)
		}
	}
	if in.Body().(*bufio.Reader).Buffered() > 0 {
		return fmt.Errorf("%w: %w", ErrTLS, errUnasked)
	}
	return nil
}

// greet requests block mode and reads the replies, the server's greeting being
// the first of two. It returns errUnasked if the server has sent more.
func (c *Conn) greet(ctx context.Context, replies int) error {
	return c.exchange(ctx, []string{"MODE BLOCK"}, func() error {
		for range replies {
			reply, err := c.in.ReadReply(io.Discard, 0)
			if err == nil {
				err = reply.Err()
			}
			if err != nil {
				return err
			}
		}
		if c.buffered() > 0 {
			return errUnasked
		}
		return nil
	})
}

var errUnasked = fmt.Errorf("%w: a reply to no command", wire.ErrProtocol)

// A timeoutConn is a connection whose reads and writes fail if nothing moves for the
// timeout.
type timeoutConn struct {
	net.Conn
	timeout time.Duration
	factor  atomic.Int64 // a read waits factor times the timeout
}

func (p *timeoutConn) Read(b []byte) (int, error) {
	wait := p.timeout * time.Duration(p.factor.Load())
	p.SetReadDeadline(time.Now().Add(wait))
	n, err := p.Conn.Read(b)
	return n, explain(err, wait)
}

func (p *timeoutConn) Write(b []byte) (int, error) {
	p.SetWriteDeadline(time.Now().Add(p.timeout))
	n, err := p.Conn.Write(b)
	return n, explain(err, p.timeout)
}

// explain returns an error that says how long the wait was, if it was too long.
func explain(err error, wait time.Duration) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("no answer for %v: %w", wait, os.ErrDeadlineExceeded)
	}
	return err
}
