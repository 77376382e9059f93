package certs

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mts/core/atomicfile"
)

// renewal is how long before it expires a certificate is renewed.
const renewal = 30 * 24 * time.Hour

// LoadOrMake loads server.crt and server.key from dir. If they are missing, it
// makes them as Make does, and dir with mode 0700. A certificate that doesn't
// belong to the key, expires within 30 days or lacks one of hosts is made again
// with the same key, so that the pin stays the same. For a key that can't be used the error is
// an *Error; the key is never replaced.
func LoadOrMake(dir string, hosts []string) (tls.Certificate, error) {
	return loadOrMake(time.Now(), dir, hosts)
}

func loadOrMake(now time.Time, dir string, hosts []string) (tls.Certificate, error) {
	certFile, keyFile := files(dir)
	pair, err := load(now, certFile, keyFile)
	if err == nil && now.Add(renewal).Before(pair.Leaf.NotAfter) && covers(pair.Leaf, hosts) {
		return pair, nil
	}
	if err := remake(now, hosts, certFile, keyFile); err != nil {
		return tls.Certificate{}, err
	}
	return load(now, certFile, keyFile)
}

// Check returns the error that LoadOrMake would return because of the key in dir.
// It makes nothing, and a key that isn't there is no error.
func Check(dir string) error {
	certFile, keyFile := files(dir)
	if _, err := Load(certFile, keyFile); err == nil {
		return nil
	}
	if _, err := loadSigner(keyFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &Error{File: keyFile, Key: true, Err: err}
	}
	return nil
}

// files returns the paths of the certificate and the key that are kept in dir.
func files(dir string) (certFile, keyFile string) {
	return filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key")
}

// covers reports whether a certificate is for all hosts.
func covers(leaf *x509.Certificate, hosts []string) bool {
	names, ips := altNames(hosts)
	lacks := func(ip net.IP) bool { return !slices.ContainsFunc(leaf.IPAddresses, ip.Equal) }
	return !slices.ContainsFunc(ips, lacks) &&
		!slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(leaf.DNSNames, name) })
}

// remake writes a new certificate for the existing key, or a new key too if
// there is none.
func remake(now time.Time, hosts []string, certFile, keyFile string) error {
	key, err := loadSigner(keyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return makeFiles(now, hosts, certFile, keyFile)
	case err != nil:
		return &Error{File: keyFile, Key: true, Err: err}
	}
	certPEM, err := sign(now, hosts, key)
	if err != nil {
		return err
	}
	return atomicfile.Write(certFile, 0o644, certPEM)
}

func makeFiles(now time.Time, hosts []string, certFile, keyFile string) error {
	certPEM, keyPEM, err := Make(now, hosts)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(keyFile), 0o700); err != nil {
		return fmt.Errorf("make certificate folder: %w", err)
	}
	if err := atomicfile.Write(keyFile, 0o600, keyPEM); err != nil {
		return err
	}
	return atomicfile.Write(certFile, 0o644, certPEM)
}

// loadSigner reads a key in the form that Make writes.
func loadSigner(file string) (crypto.Signer, error) {
	_, block, err := readKey(file)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a %T can't sign", key)
	}
	return signer, nil
}
