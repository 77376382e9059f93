package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"
)

// The kinds of errors, apart from a refused command. An error of this package
// wraps its cause and at most one of these kinds, or ErrLost and ErrQueued.
var (
	ErrURL       = errors.New("not of the form mts://host[:port], mts+plain://host[:port] or mts+starttls://host[:port]")
	ErrConnect   = errors.New("connect")                     // there is no server, or it refuses the connection
	ErrTLS       = errors.New("tls")                         // no TLS, or not the expected server
	ErrLogin     = errors.New("login")                       // refused by the server
	ErrIntegrity = errors.New("file is incomplete or wrong") // not the bytes that the server announced
	ErrLost      = errors.New("connection lost")             // broken, closed, timed out, or against the protocol
	ErrQueued    = errors.New("lost before the reply began") // with ErrLost: no byte of the reply has been read
	ErrLine      = errors.New("can't be sent as command")    // too long, control characters, or a verb of Conn's own
)

// DefaultTimeout is used if Options.Timeout is zero.
const DefaultTimeout = 30 * time.Second

// Options say how to reach a server and how to verify it. The first of Pins,
// RootCAs and KnownHosts that is set is used for the server's certificate. If none
// is set, the authorities of the system are used.
type Options struct {
	// Pins are keys as certs.Pin writes them; the server has to have one of
	// them. The name, the dates and the issuer of the certificate aren't
	// checked then.
	Pins []string
	// RootCAs are the authorities that the certificate must come from. It must
	// be for the host's name.
	RootCAs *x509.CertPool
	// KnownHosts is a file of "host:port pin" lines. A server whose key isn't
	// the one in its lines is refused. A server without a line must have a
	// certificate from an authority of the system; otherwise the error is an
	// *UnknownServer.
	KnownHosts string

	// Certificates are offered to a server that asks for them.
	Certificates []tls.Certificate

	// Timeout limits Dial as a whole, each write, and each wait for further
	// bytes of a reply. Zero is DefaultTimeout.
	Timeout time.Duration
	// Notice is called with the text of each notice, while a reply is being
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
