package certs

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"sync/atomic"
)

// ALPN is the protocol name that servers and clients offer in the handshake.
const ALPN = "mts/1"

// A Keeper holds the pair that new connections get. Swapping it leaves those
// that exist alone. It is safe for concurrent use.
type Keeper struct {
	load    func() (tls.Certificate, error)
	current atomic.Pointer[tls.Certificate]
}

// NewKeeper returns a Keeper of what load, for example a call of [Load],
// returns now and at each Reload.
func NewKeeper(load func() (tls.Certificate, error)) (*Keeper, error) {
	k := &Keeper{load: load}
	if err := k.Reload(); err != nil {
		return nil, err
	}
	return k, nil
}

// Reload loads the pair again. On an error the old one stays.
func (k *Keeper) Reload() error {
	pair, err := k.load()
	if err != nil {
		return err
	}
	k.current.Store(&pair)
	return nil
}

// GetCertificate returns the current pair, whatever the hello, which may be
// nil. It is made for [tls.Config].
func (k *Keeper) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return k.current.Load(), nil
}

// ServerConfig returns the configuration of a TLS listener with k's pair, from
// minVersion (0: TLS 1.3) upwards. Client certificates are asked for as auth
// says and verified against clientCAs. A client that offers application
// protocols, but not ALPN, fails the handshake (RFC 7301, section 3.2).
func ServerConfig(k *Keeper, minVersion uint16, clientCAs *x509.CertPool, auth tls.ClientAuthType) *tls.Config {
	return &tls.Config{
		GetCertificate:              k.GetCertificate,
		MinVersion:                  cmp.Or(minVersion, tls.VersionTLS13),
		NextProtos:                  []string{ALPN},
		ClientCAs:                   clientCAs,
		ClientAuth:                  auth,
		SessionTicketsDisabled:      true,
		DynamicRecordSizingDisabled: true, // large transfers want whole records from the first on
	}
}
