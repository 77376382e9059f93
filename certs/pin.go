package certs

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
)

const pinPrefix = "sha256:"

// Pin returns the pin of cert's key: "sha256:" and the standard base64 of the
// SHA-256 of its SubjectPublicKeyInfo (RFC 7469, section 2.4). A certificate
// renewed with the same key has the same pin.
func Pin(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return pinPrefix + base64.StdEncoding.EncodeToString(sum[:])
}

// ParsePin returns s as Pin writes it. It accepts space around s, a prefix in
// capitals and missing padding.
func ParsePin(s string) (string, error) {
	s = strings.TrimSpace(s)
	n := min(len(pinPrefix), len(s))
	sum, err := base64.RawStdEncoding.DecodeString(strings.TrimSuffix(s[n:], "="))
	if !strings.EqualFold(s[:n], pinPrefix) || err != nil || len(sum) != sha256.Size {
		return "", errors.New("bad pin: want sha256: and 44 characters of base64")
	}
	return pinPrefix + base64.StdEncoding.EncodeToString(sum), nil
}
