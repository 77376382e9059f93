package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"
)

// What can go wrong apart from a refused command. The errors of this package
// wrap at most one of them beside their cause.
var (
	ErrURL       = errors.New("not of the form mts://host[:port] or mts+plain://host[:port]")
	ErrConnect   = errors.New("connect")                  // no server there, or none that lets us in
	ErrTLS       = errors.New("tls")                      // no TLS, or not the server that was expected
	ErrLogin     = errors.New("login")                    // refused by the server
	ErrIntegrity = errors.New("file is not whole")        // not the bytes that the server announced
	ErrLost      = errors.New("connection lost")          // broken, closed, timed out, or against the protocol
	ErrQueued    = errors.New("lost before its turn")     // beside ErrLost: the reply had not begun to be read
	ErrLine      = errors.New("can't be sent as command") // too long, control characters, or a verb of Conn's own
)

// DefaultTimeout is what a zero Options.Timeout means.
const DefaultTimeout = 30 * time.Second

// Options are how to reach a server and whom to trust. The first of Pin,
// RootCAs and KnownHosts that is set decides about the server's certificate;
// with none of them, the authorities of the system do.
type Options struct {
	// Pin is the server's key as certs.Pin writes it. Neither the name nor
	// the age nor the issuer of the certificate matter then.
	Pin string
	// RootCAs have to have issued the certificate, for the host's name.
	RootCAs *x509.CertPool
	// KnownHosts is a file of "host:port pin" lines. A server with another
	// key than its lines say is refused. One without a line has to be
	// certified by the system's authorities; else the error is an
	// *UnknownServer.
	KnownHosts string

	// Certificates are offered to a server that asks for them.
	Certificates []tls.Certificate

	// Timeout bounds the whole of Dial, each write, and each wait for more
	// bytes of a reply.
	Timeout time.Duration
	// Notice is called with the text of each notice, while some reply is
	// read.
	Notice func(text string)
	// Dial replaces net.Dialer's DialContext.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

func (o Options) timeout() time.Duration {
	if o.Timeout <= 0 {
		return DefaultTimeout
	}
	return o.Timeout
}
