package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"mts/core/wire"
)

// The ports of the protocol.
const (
	portTLS   = "6870"
	portPlain = "6871"
)

// Dial connects to a server and enters block mode. The URL is
// mts://host[:6870] for TLS or mts+plain://host[:6871]. When Dial returns, the
// server has been verified, and nobody is logged in.
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
	p := &patient{Conn: raw, timeout: o.timeout()}
	p.factor.Store(1)
	c, err := open(ctx, p, t, o)
	if err != nil {
		raw.Close()
		return nil, err
	}
	return c, nil
}

// A target is a server's address from a URL.
type target struct {
	secure     bool
	host, addr string
}

func parseURL(s string) (target, error) {
	u, err := url.Parse(s)
	if err != nil {
		return target{}, fmt.Errorf("%q: %w", s, ErrURL)
	}
	port := map[string]string{"mts": portTLS, "mts+plain": portPlain}[u.Scheme]
	rest := u.Path != "" && u.Path != "/" || u.User != nil || u.RawQuery != "" || u.Fragment != ""
	if port == "" || u.Hostname() == "" || rest {
		return target{}, fmt.Errorf("%q: %w", s, ErrURL)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	return target{u.Scheme == "mts", u.Hostname(), net.JoinHostPort(u.Hostname(), port)}, nil
}

// open does the TLS handshake and enters block mode.
func open(ctx context.Context, p *patient, t target, o Options) (*Conn, error) {
	var nc net.Conn = p
	if t.secure {
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
	if err := c.greet(ctx); err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "remote error" { // a TLS alert, for example because the client has no certificate
			return nil, fmt.Errorf("%w: %w", ErrTLS, err)
		}
		return nil, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	return c, nil
}

// handshakeError returns ErrConnect if the server doesn't answer, and ErrTLS for
// other errors of the handshake.
func handshakeError(err error) error {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: no TLS handshake: %w", ErrConnect, err)
	}
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		err = errors.New("the server doesn't speak TLS here")
	}
	return fmt.Errorf("%w: %w", ErrTLS, err)
}

// greet requests block mode and reads the greeting and the reply. It returns
// errUnasked if the server has sent more.
func (c *Conn) greet(ctx context.Context) error {
	return c.exchange(ctx, []string{"MODE BLOCK"}, func() error {
		for range 2 {
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

// A patient is a connection whose reads and writes fail if nothing moves for the
// timeout.
type patient struct {
	net.Conn
	timeout time.Duration
	factor  atomic.Int64 // a read waits factor times the timeout
}

func (p *patient) Read(b []byte) (int, error) {
	wait := p.timeout * time.Duration(p.factor.Load())
	p.SetReadDeadline(time.Now().Add(wait))
	n, err := p.Conn.Read(b)
	return n, explain(err, wait)
}

func (p *patient) Write(b []byte) (int, error) {
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
