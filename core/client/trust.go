package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mts/certs"
	"mts/core/atomicfile"
	"mts/core/wire"
)

// tlsConfig returns a configuration whose handshake succeeds only with a
// server that o trusts.
func tlsConfig(t target, o Options) (*tls.Config, error) {
	c := &tls.Config{
		ServerName:   t.host,
		NextProtos:   []string{"mts/1"},
		MinVersion:   tls.VersionTLS12,
		RootCAs:      o.RootCAs,
		Certificates: o.Certificates,
	}
	switch {
	case o.Pin != "":
		want, err := certs.ParsePin(o.Pin)
		if err != nil {
			return nil, err
		}
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(s tls.ConnectionState) error {
			if got := certs.Pin(s.PeerCertificates[0]); got != want {
				return fmt.Errorf("%s has another key than the pin says: %s, not %s", t.addr, got, want)
			}
			return nil
		}
	case o.RootCAs == nil && o.KnownHosts != "":
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(s tls.ConnectionState) error { return verifyKnown(t, o, s) }
	}
	return c, nil
}

// verifyKnown compares the server with what is known of it.
func verifyKnown(t target, o Options, s tls.ConnectionState) error {
	got := certs.Pin(s.PeerCertificates[0])
	known, err := readKnown(o.KnownHosts, t.addr)
	switch {
	case err != nil:
		return err
	case known == got:
		return nil
	case known != "":
		return fmt.Errorf("THE KEY OF %s HAS CHANGED: known is %s, but it has %s; "+
			"somebody may be in between; if the change is meant, remove its line from %s", t.addr, known, got, o.KnownHosts)
	case certified(t, s):
		return nil
	case o.Ask == nil || !o.Ask(t.addr, got):
		return fmt.Errorf("%s is not known; its key is %s", t.addr, got)
	}
	return addKnown(o.KnownHosts, t.addr, got)
}

// certified reports whether an authority of the system vouches for the server.
func certified(t target, s tls.ConnectionState) bool {
	between := x509.NewCertPool()
	for _, cert := range s.PeerCertificates[1:] {
		between.AddCert(cert)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: t.host, Intermediates: between})
	return err == nil
}

// readKnown returns the pin of a host, "" for none. Empty lines and lines that
// begin with '#' don't count.
func readKnown(file, hostport string) (string, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read known hosts: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] != hostport {
			continue
		}
		pin, err := certs.ParsePin(strings.Join(f[1:], " "))
		if err != nil {
			return "", fmt.Errorf("%s: %s: %w", file, wire.Printable(hostport), err)
		}
		return pin, nil
	}
	return "", nil
}

func addKnown(file, hostport, pin string) error {
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read known hosts: %w", err)
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		data = append(data, '\n')
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("keep known host: %w", err)
	}
	return atomicfile.Write(file, 0o600, fmt.Appendf(data, "%s %s\n", hostport, pin))
}
