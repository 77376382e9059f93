// Package certs loads, makes and replaces the certificate of a server.
//
// A [Keeper] holds the certificate and key for new connections. [Load] and
// [LoadOrMake] read them from files. A client that can't ask an authority
// recognizes a server by the [Pin] of its key, which stays the same when the
// certificate is renewed.
package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"mts/core/access"
)

var (
	errKeyMode = errors.New("key is open to group or others")
	errExpired = errors.New("certificate has expired")
)

// An Error says which of the two files is wrong.
type Error struct {
	File string
	Key  bool // File is the key, not the certificate
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.File, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Load reads a certificate, followed by its chain, and its key, both in PEM. Its
// errors are of type *Error. It refuses an expired certificate, an encrypted key,
// and on Unix a key file to which the group or others have any right; but the group
// may read a key file of root.
func Load(certFile, keyFile string) (tls.Certificate, error) {
	return load(time.Now(), certFile, keyFile)
}

func load(now time.Time, certFile, keyFile string) (tls.Certificate, error) {
	keyPEM, _, err := readKey(keyFile)
	if err != nil {
		return tls.Certificate{}, &Error{File: keyFile, Key: true, Err: err}
	}
	certPEM, err := readCert(certFile, now)
	if err != nil {
		return tls.Certificate{}, &Error{File: certFile, Err: err}
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		err = fmt.Errorf("not the key of %s: %w", certFile, err)
		return tls.Certificate{}, &Error{File: keyFile, Key: true, Err: err}
	}
	return pair, nil
}

// readCert returns the content of a certificate file after checking all of it.
func readCert(file string, now time.Time) ([]byte, error) {
	data, _, err := readRegular(file)
	if err != nil {
		return nil, err
	}
	blocks, err := decodePEM(data)
	if err != nil {
		return nil, err
	}
	var leaf *x509.Certificate
	for _, b := range blocks {
		if b.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, err
		}
		if leaf == nil {
			leaf = cert
		}
	}
	switch {
	case leaf == nil:
		return nil, errors.New("no certificate in it")
	case now.After(leaf.NotAfter):
		return nil, fmt.Errorf("%w: %s", errExpired, leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return data, nil
}

// readKey returns the content of a key file and the first key in it. It refuses a
// file that others may use.
func readKey(file string) ([]byte, *pem.Block, error) {
	data, info, err := readRegular(file)
	if err != nil {
		return nil, nil, err
	}
	if err := access.CheckSecret(info); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errKeyMode, err)
	}
	blocks, err := decodePEM(data)
	if err != nil {
		return nil, nil, err
	}
	for _, b := range blocks {
		if b.Type == "ENCRYPTED PRIVATE KEY" || b.Headers["DEK-Info"] != "" {
			return nil, nil, errors.New("private key is encrypted")
		}
		if strings.HasSuffix(b.Type, "PRIVATE KEY") {
			return data, b, nil
		}
	}
	return nil, nil, errors.New("no private key in it")
}

// readRegular reads a regular file. It refuses pipes and devices, which might
// block. Its errors don't contain the file's name.
func readRegular(file string) ([]byte, fs.FileInfo, error) {
	fi, err := os.Stat(file)
	if err != nil {
		return nil, nil, errors.Unwrap(err)
	}
	if !fi.Mode().IsRegular() {
		return nil, nil, errors.New("not a regular file")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, errors.Unwrap(err)
	}
	return data, fi, nil
}

// decodePEM returns all blocks. Unlike pem.Decode, which skips them, it returns an
// error for blocks that are broken or cut short.
func decodePEM(data []byte) ([]*pem.Block, error) {
	begins := bytes.Count(data, []byte("-----BEGIN "))
	var blocks []*pem.Block
	for b, rest := pem.Decode(data); b != nil; b, rest = pem.Decode(rest) {
		blocks = append(blocks, b)
	}
	if len(blocks) != begins {
		return nil, errors.New("broken PEM")
	}
	return blocks, nil
}
