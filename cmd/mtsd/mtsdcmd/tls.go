package mtsdcmd

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"

	"mts/certs"
	"mts/core/config"
)

// clientCerts is what the server asks of clients' certificates.
type clientCerts struct {
	authorities *x509.CertPool // nil: none are asked for
	auth        tls.ClientAuthType
}

// openTLS opens the certificate, its key and the authorities of clients.
func (p *preparer) openTLS(next *parts) error {
	if next.cfg.Bad("tls") {
		return nil
	}
	var keyErr, clientErr error
	next.keeper, keyErr = p.openKeeper(next)
	next.clients, clientErr = openClientCerts(next.cfg)
	return config.Join(pairError(next.cfg, keyErr), clientErr)
}

// openKeeper returns the keeper of the certificate that the configuration names: the running
// one if it is of the same files. It is nil if neither a TLS listener nor
// STARTTLS needs one.
func (p *preparer) openKeeper(next *parts) (*certs.Keeper, error) {
	cfg := next.cfg
	unused := len(cfg.Server.Listen) == 0 && !cfg.Server.StartTLS
	if unused || cfg.TLS.Cert == "" && next.state == "" { // openState has returned why
		return nil, nil
	}
	if old := p.running; old != nil && old.keeper != nil && cfg.TLS.Cert == old.cfg.TLS.Cert && cfg.TLS.Key == old.cfg.TLS.Key {
		return old.keeper, nil
	}
	return certs.NewKeeper(func() (tls.Certificate, error) {
		switch {
		case cfg.TLS.Cert != "":
			return certs.Load(cfg.TLS.Cert, cfg.TLS.Key)
		case p.dry:
			return tls.Certificate{}, certs.Check(next.state)
		}
		return certs.LoadOrMake(next.state, listenHosts(cfg))
	})
}

// listenHosts are the names that clients may know the server by.
func listenHosts(cfg *config.Config) []string {
	var hosts []string
	for _, addr := range cfg.Server.Listen {
		if host, _, err := net.SplitHostPort(addr); err == nil {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// pairError says which line of the configuration names the bad file.
func pairError(cfg *config.Config, err error) error {
	pair, ok := errors.AsType[*certs.Error](err)
	if !ok {
		return err
	}
	key := "tls.cert"
	if pair.Key {
		key = "tls.key"
	}
	return cfg.Errorf(key, "%s", err)
}

func openClientCerts(cfg *config.Config) (c clientCerts, err error) {
	if cfg.TLS.ClientCA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(cfg.TLS.ClientCA)
	if err != nil {
		return c, cfg.Errorf("tls.client_ca", "%s", err)
	}
	c = clientCerts{x509.NewCertPool(), tls.VerifyClientCertIfGiven}
	if !c.authorities.AppendCertsFromPEM(pem) {
		return c, cfg.Errorf("tls.client_ca", "there is no certificate in %s", cfg.TLS.ClientCA)
	}
	if cfg.TLS.ClientAuth == "require" {
		c.auth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// tlsConfig returns nil without a keeper.
func (p *parts) tlsConfig() *tls.Config {
	if p.keeper == nil {
		return nil
	}
	version := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[p.cfg.TLS.MinVersion]
	return certs.ServerConfig(p.keeper, version, p.clients.authorities, p.clients.auth)
}

// pin returns the pin of the certificate in use.
func (p *parts) pin() string {
	pair, _ := p.keeper.GetCertificate(nil)
	return certs.Pin(pair.Leaf)
}
