package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mts/certs"
	"mts/core/wire"
)

// tlsConfig returns a configuration whose handshake succeeds only with a
// server that o trusts.
func tlsConfig(t target, o Options) (*tls.Config, error) {
	c := &tls.Config{
		ServerName:   t.host,
		NextProtos:   []string{certs.ALPN},
		MinVersion:   tls.VersionTLS12,
		RootCAs:      o.RootCAs,
		Certificates: o.Certificates,
	}
	switch {
	case len(o.Pins) > 0:
		var pins []string
		for _, text := range o.Pins {
			pin, err := certs.ParsePin(text)
			if err != nil {
				return nil, err
			}
			pins = append(pins, pin)
		}
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(s tls.ConnectionState) error {
			if got := certs.Pin(s.PeerCertificates[0]); !slices.Contains(pins, got) {
				return fmt.Errorf("%s has the key %s, but the pin is %s", t.addr, got, strings.Join(pins, " or "))
			}
			return nil
		}
	case o.RootCAs == nil && o.KnownHosts != "":
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(s tls.ConnectionState) error { return verifyKnown(t, o, s) }
	}
	return c, nil
}

// An UnknownServer is a server that isn't in the file of known hosts. It has not
// yet proved that it has the key: a Dial with the pin checks that.
type UnknownServer struct {
	HostPort string
	Pin      string
}

func (u *UnknownServer) Error() string {
	return fmt.Sprintf("%s is not known; its key is %s", u.HostPort, u.Pin)
}

// verifyKnown compares the server's key with the file of known hosts.
func verifyKnown(t target, o Options, s tls.ConnectionState) error {
	got := certs.Pin(s.PeerCertificates[0])
	known, err := readKnown(o.KnownHosts, t.addr)
	switch {
	case err != nil:
		return err
	case slices.Contains(known, got):
		return nil
	case len(known) > 0:
		return fmt.Errorf("THE KEY OF %s HAS CHANGED: known is %s, but it has %s; "+
			"somebody may intercept the connection; if the change is intended, remove its line from %s",
			t.addr, strings.Join(known, " or "), got, o.KnownHosts)
	case certified(t, s):
		return nil
	}
	return &UnknownServer{t.addr, got}
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

// readKnown returns the pins of a host. It ignores empty lines and lines that begin
// with '#'.
func readKnown(file, hostport string) (pins []string, err error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read known hosts: %w", err)
	}
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) { // some editors begin files with a BOM
		f := strings.Fields(line)
		if len(f) == 0 || f[0] != hostport {
			continue
		}
		pin, err := certs.ParsePin(strings.Join(f[1:], " "))
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", file, wire.Printable(hostport), err)
		}
		pins = append(pins, pin)
	}
	return pins, nil
}

// AddKnown adds a server to a file of known hosts. It makes the file if there is
// none. The caller first checks with a Dial with the pin that the server has the
// key.
func AddKnown(file string, u *UnknownServer) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("keep known host: %w", err)
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("keep known host: %w", err)
	}
	line := u.HostPort + " " + u.Pin + "\n"
	if unended(f) {
		line = "\n" + line
	}
	_, err = f.WriteString(line) // one write: other processes may add lines too
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("keep known host: %w", err)
	}
	return nil
}

// unended reports whether a file doesn't end in a newline.
func unended(f *os.File) bool {
	fi, err := f.Stat()
	last := make([]byte, 1)
	if err == nil && fi.Size() > 0 {
		_, err = f.ReadAt(last, fi.Size()-1)
		return err == nil && last[0] != '\n'
	}
	return false
}
