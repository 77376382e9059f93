package clientcmd

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mts/certs"
	"mts/core/client"
)

// connectOptions returns the options of the connection from the flags.
func (a *app) connectOptions() (o client.Options, err error) {
	o = client.Options{Timeout: time.Duration(a.timeout), Notice: a.notice}
	if o.Dial, err = a.dialer(); err != nil {
		return o, err
	}
	for _, text := range a.pins {
		pin, err := certs.ParsePin(text)
		if err != nil {
			return o, usageError{fmt.Errorf("--pin: %w", err)}
		}
		o.Pins = append(o.Pins, pin)
	}
	if o.RootCAs, err = a.authorities(); err != nil {
		return o, usageError{fmt.Errorf("--ca: %w", err)}
	}
	if a.cert != "" {
		pair, err := tls.LoadX509KeyPair(a.cert, a.key)
		if err != nil {
			return o, usageError{fmt.Errorf("--cert: %w", err)}
		}
		o.Certificates = []tls.Certificate{pair}
	}
	if o.KnownHosts, err = a.knownHostsFile(o); err != nil {
		return o, usageError{fmt.Errorf("--known-hosts: %w", err)}
	}
	return o, nil
}

// authorities returns those of --ca, or nil.
func (a *app) authorities() (*x509.CertPool, error) {
	if a.ca == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(a.ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", a.ca)
	}
	return pool, nil
}

// knownHostsFile returns the file of known hosts, in the user's configuration unless
// a flag says otherwise. Nothing is needed if something else decides.
func (a *app) knownHostsFile(o client.Options) (string, error) {
	if a.knownHosts != "" || len(o.Pins) > 0 || o.RootCAs != nil || a.isPlain() {
		return a.knownHosts, nil
	}
	dir, err := configFolder()
	return filepath.Join(dir, "mts", "known_hosts"), err
}

// configFolder returns the folder of the user's settings, on every platform (XDG
// Base Directory Specification).
func configFolder() (string, error) {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".config"), err
}
