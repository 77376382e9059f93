// Package certs loads, makes, swaps and names the certificates of a server.
//
// A [Keeper] holds the pair that new connections get; [Load] and [LoadOrMake]
// are where it comes from. Clients that have no authority to ask know a server
// by the [Pin] of its key, which outlives the certificate.
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

// Errors wrapped in an [Error].
var (
	ErrKeyMode = errors.New("key is open to group or others")
	ErrExpired = errors.New("certificate has expired")
)

// An Error says which of a pair's two files is at fault.
type Error struct {
	File string
	Key  bool // the key file, not the certificate
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.File, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Load reads a PEM certificate, with its chain behind it, and its key. Its
// errors are of type *Error: among others ErrKeyMode if, on Unix, the key's
// group or others have any right to it, and ErrExpired.
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

// readCert returns the PEM of a certificate file once all of it is sound.
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
		return nil, fmt.Errorf("%w: %s", ErrExpired, leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return data, nil
}

// readKey returns the PEM of a key file that is its owner's alone, and the
// first key in it.
func readKey(file string) ([]byte, *pem.Block, error) {
	data, info, err := readRegular(file)
	if err != nil {
		return nil, nil, err
	}
	if err := access.CheckSecret(info); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrKeyMode, err)
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

// readRegular reads a file but no pipe or device, which might block. Its
// errors leave out the file's name.
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

// decodePEM returns all blocks, or an error if one is broken or cut short:
// pem.Decode skips those.
func decodePEM(data []byte) ([]*pem.Block, error) {
	begun := bytes.Count(data, []byte("-----BEGIN "))
	var blocks []*pem.Block
	for b, rest := pem.Decode(data); b != nil; b, rest = pem.Decode(rest) {
		blocks = append(blocks, b)
	}
	if len(blocks) != begun {
		return nil, errors.New("broken PEM")
	}
	return blocks, nil
}
