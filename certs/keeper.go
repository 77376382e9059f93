package certs

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"sync/atomic"
)

// ALPN is the protocol name that servers and clients offer in the handshake.
const ALPN = "mts/1"

// A Keeper holds the certificate and key for new connections. Replacing them
// doesn't affect existing connections. It is safe for concurrent use.
type Keeper struct {
	load    func() (tls.Certificate, error)
	current atomic.Pointer[tls.Certificate]
}

// NewKeeper returns a Keeper of the certificate that load returns. load, for
// example a call of [Load], is called now and at each Reload.
func NewKeeper(load func() (tls.Certificate, error)) (*Keeper, error) {
	k := &Keeper{load: load}
	if err := k.Reload(); err != nil {
		return nil, err
	}
	return k, nil
}

// Reload loads the certificate and key again. On an error the old ones stay.
func (k *Keeper) Reload() error {
	pair, err := k.load()
	if err != nil {
		return err
	}
	k.current.Store(&pair)
	return nil
}

// GetCertificate returns the current certificate and key. It ignores its
// argument, which may be nil, and serves as the function of that name in a
// [tls.Config].
func (k *Keeper) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return k.current.Load(), nil
}

// ServerConfig returns the configuration of a TLS listener that uses k's
// certificate and at least minVersion (0: TLS 1.3). auth says whether clients need
// a certificate, which clientCAs verify. The handshake of a client that offers
// application protocols without ALPN fails (RFC 7301, section 3.2).
func ServerConfig(k *Keeper, minVersion uint16, clientCAs *x509.CertPool, auth tls.ClientAuthType) *tls.Config {
	return &tls.Config{
		GetCertificate:              k.GetCertificate,
		MinVersion:                  cmp.Or(minVersion, tls.VersionTLS13),
		NextProtos:                  []string{ALPN},
		ClientCAs:                   clientCAs,
		ClientAuth:                  auth,
		SessionTicketsDisabled:      true,
		DynamicRecordSizingDisabled: true, // full records from the start are faster for large files
	}
}
