package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// lifetime is the longest validity that Apple's systems accept.
const lifetime = 825 * 24 * time.Hour

// Make returns a new ECDSA P-256 key and a certificate that is signed by it, both
// in PEM. The certificate is for server authentication. It is valid for 825 days
// from an hour before now, for localhost, 127.0.0.1, ::1 and hosts, which are DNS
// names and IP addresses. Empty and unspecified hosts (0.0.0.0) are left out.
func Make(now time.Time, hosts []string) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	certPEM, err = sign(now, hosts, key)
	return certPEM, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
}

func sign(now time.Time, hosts []string, key crypto.Signer) ([]byte, error) {
	start := now.Add(-time.Hour)
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "mtsd"},
		NotBefore:             start,
		NotAfter:              start.Add(lifetime),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	template.DNSNames, template.IPAddresses = altNames(hosts)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// altNames returns the DNS names and the IP addresses of hosts, after those that
// every certificate has.
func altNames(hosts []string) (names []string, ips []net.IP) {
	for _, host := range append([]string{"localhost", "127.0.0.1", "::1"}, hosts...) {
		addr, err := netip.ParseAddr(host)
		addr = addr.Unmap()
		switch {
		case host == "" || err == nil && addr.IsUnspecified():
		case err != nil && !slices.Contains(names, host):
			names = append(names, host)
		case err == nil && !slices.ContainsFunc(ips, net.IP(addr.AsSlice()).Equal):
			ips = append(ips, addr.AsSlice())
		}
	}
	return names, ips
}
