package certs

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

func TestPin(t *testing.T) {
	certPEM, _ := mustMake(t, now)
	cert := parse(t, certPEM)
	spki, err := x509.MarshalPKIXPublicKey(cert.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(spki)
	pin := Pin(cert)
	if want := "sha256:" + base64.StdEncoding.EncodeToString(sum[:]); pin != want {
		t.Fatalf("pin %q, want %q", pin, want)
	}
	for _, s := range []string{pin, " " + pin + "\n", "SHA256:" + pin[7:], strings.TrimRight(pin, "=")} {
		if got, err := ParsePin(s); got != pin || err != nil {
			t.Errorf("ParsePin(%q) = %q, %v; want %q", s, got, err, pin)
		}
	}
	for _, s := range []string{"", "sha256:", pin[7:], "sha1:" + pin[7:], pin + "=", pin + "AAAA", pin[:49], "sha256:" + strings.Repeat("!", 44)} {
		if got, err := ParsePin(s); err == nil {
			t.Errorf("ParsePin(%q) = %q, want an error", s, got)
		}
	}
}

func TestKeeperReload(t *testing.T) {
	certFile, keyFile := writePair(t, nil, nil)
	write := func(cert, key []byte) {
		t.Helper()
		if err := errors.Join(os.WriteFile(certFile, cert, 0o600), os.WriteFile(keyFile, key, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	load := func() (tls.Certificate, error) { return Load(certFile, keyFile) }
	if _, err := NewKeeper(load); err == nil {
		t.Fatal("a keeper of nothing")
	}
	cert1, key1 := mustMake(t, time.Now())
	cert2, key2 := mustMake(t, time.Now())
	write(cert1, key1)
	k, err := NewKeeper(load)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		cert, key []byte
		ok        bool
		want      []byte
	}{{cert2, key1, false, cert1}, {cert2[:99], key2, false, cert1}, {cert2, key2, true, cert2}} {
		write(step.cert, step.key)
		if err := k.Reload(); (err == nil) != step.ok {
			t.Errorf("reload: %v", err)
		}
		if pair, _ := k.GetCertificate(nil); !pair.Leaf.Equal(parse(t, step.want)) {
			t.Error("the keeper holds the other pair")
		}
	}
}

func TestHandshake(t *testing.T) {
	certPEM, keyPEM := mustMake(t, time.Now())
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	k, err := NewKeeper(func() (tls.Certificate, error) { return pair, nil })
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	tests := []struct {
		name   string
		client *tls.Config
		server *tls.Config
		ok     bool
		alpn   string
	}{
		{name: "name", client: &tls.Config{ServerName: "localhost"}, ok: true},
		{name: "address", client: &tls.Config{ServerName: "127.0.0.1"}, ok: true},
		{name: "another name", client: &tls.Config{ServerName: "example.org"}},
		{name: "our protocol", client: &tls.Config{ServerName: "localhost", NextProtos: []string{"h2", ALPN}}, ok: true, alpn: "mts/1"},
		{name: "another protocol", client: &tls.Config{ServerName: "localhost", NextProtos: []string{"h2"}}},
		{name: "TLS 1.2", client: &tls.Config{ServerName: "localhost", MaxVersion: tls.VersionTLS12}},
		{name: "TLS 1.2 allowed", client: &tls.Config{ServerName: "localhost", MaxVersion: tls.VersionTLS12},
			server: ServerConfig(k, tls.VersionTLS12, nil, tls.NoClientCert), ok: true},
		{name: "no client certificate", client: &tls.Config{ServerName: "localhost"},
			server: ServerConfig(k, 0, roots, tls.RequireAndVerifyClientCert)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.server == nil {
				test.server = ServerConfig(k, 0, nil, tls.NoClientCert)
			}
			test.client.RootCAs = roots
			state, err := handshake(t, test.client, test.server)
			if (err == nil) != test.ok {
				t.Fatalf("error %v", err)
			}
			if state.NegotiatedProtocol != test.alpn {
				t.Errorf("protocol %q, want %q", state.NegotiatedProtocol, test.alpn)
			}
			if test.ok && test.client.MaxVersion == 0 && (state.Version != tls.VersionTLS13 || state.CurveID != tls.X25519MLKEM768) {
				t.Errorf("version %x, curve %v", state.Version, state.CurveID)
			}
		})
	}
}

// handshake connects the two over loopback and returns what the server saw,
// and an error if either side had one.
func handshake(t *testing.T, client, server *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	failed := make(chan error, 1)
	go func() {
		c, err := tls.Dial("tcp", l.Addr().String(), client)
		if err == nil {
			defer c.Close()
		}
		failed <- err
	}()
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn := tls.Server(s, server)
	err = conn.Handshake()
	s.Close()
	return conn.ConnectionState(), errors.Join(err, <-failed)
}
