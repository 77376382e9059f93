package certs

import (
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestMake(t *testing.T) {
	certPEM, _ := mustMake(t, now, "", "0.0.0.0", "::", "::ffff:0.0.0.0", "files.example.org", "192.0.2.1",
		"::ffff:192.0.2.1", "fe80::1%eth0", "files.example.org", "localhost")
	leaf := parse(t, certPEM)
	if want := []string{"localhost", "files.example.org"}; !slices.Equal(leaf.DNSNames, want) {
		t.Errorf("names %q, want %q", leaf.DNSNames, want)
	}
	want := []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback, net.IPv4(192, 0, 2, 1), net.ParseIP("fe80::1")}
	if !slices.EqualFunc(leaf.IPAddresses, want, net.IP.Equal) {
		t.Errorf("addresses %v, want %v", leaf.IPAddresses, want)
	}
	if !leaf.NotBefore.Equal(now.Add(-time.Hour)) || leaf.NotAfter.Sub(leaf.NotBefore) != 825*24*time.Hour {
		t.Errorf("valid from %v to %v", leaf.NotBefore, leaf.NotAfter)
	}
	if leaf.Subject.CommonName != "mtsd" || leaf.SerialNumber.BitLen() < 64 || leaf.IsCA {
		t.Errorf("CN %q, serial %v, CA %v", leaf.Subject.CommonName, leaf.SerialNumber, leaf.IsCA)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	for host, ok := range map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true, "192.0.2.1": true, "example.org": false, "192.0.2.2": false} {
		_, err := leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: pool, CurrentTime: now})
		if (err == nil) != ok {
			t.Errorf("%s: error %v", host, err)
		}
	}
	if _, _, err := Make(now, []string{"münchen.example"}); err == nil {
		t.Error("a name that no certificate can hold was taken")
	}
}

func TestLoadOrMakeKeepsAndRenews(t *testing.T) {
	day := 24 * time.Hour
	tests := []struct {
		name              string
		later             time.Duration
		hosts             []string
		spoil             string // a file to remove, or to overwrite if it has a "!" before it
		newCert, newKey   bool
		refusedForTheFile string
	}{
		{name: "again", hosts: []string{"a.example", "0.0.0.0"}},
		{name: "near its end, but not yet", later: 794 * day},
		{name: "30 days before its end", later: 795 * day, newCert: true},
		{name: "expired", later: 900 * day, newCert: true},
		{name: "another name", hosts: []string{"b.example"}, newCert: true},
		{name: "another address", hosts: []string{"192.0.2.7"}, newCert: true},
		{name: "certificate lost", spoil: "server.crt", newCert: true},
		{name: "certificate broken", spoil: "!server.crt", newCert: true},
		{name: "key lost", spoil: "server.key", newCert: true, newKey: true},
		{name: "key broken", spoil: "!server.key", refusedForTheFile: "server.key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "tls")
			first, err := loadOrMake(now, dir, []string{"a.example"})
			if err != nil {
				t.Fatal(err)
			}
			spoil(t, dir, test.spoil)
			second, err := loadOrMake(now.Add(test.later), dir, test.hosts)
			if test.refusedForTheFile != "" {
				file := filepath.Join(dir, test.refusedForTheFile)
				checkError(t, err, "", file, true)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if isNew := !first.Leaf.Equal(second.Leaf); isNew != test.newCert {
				t.Errorf("new certificate: %v", isNew)
			}
			if isNew := Pin(first.Leaf) != Pin(second.Leaf); isNew != test.newKey {
				t.Errorf("new key: %v", isNew)
			}
			if !covers(second.Leaf, test.hosts) {
				t.Errorf("%v not covered", test.hosts)
			}
		})
	}
}

func spoil(t *testing.T, dir, what string) {
	t.Helper()
	var err error
	switch {
	case what == "":
	case what[0] == '!':
		err = os.WriteFile(filepath.Join(dir, what[1:]), []byte("-----BEGIN"), 0o600)
	default:
		err = os.Remove(filepath.Join(dir, what))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func parse(t *testing.T, certPEM []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(certPEM)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
