package client

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// The schemes of URLs.
const (
	schemeTLS      = "mts"
	schemePlain    = "mts+plain"
	schemeStartTLS = "mts+starttls"
)

// defaultPort returns the port of the scheme, or "" for an unknown scheme.
func defaultPort(scheme string) string {
	switch scheme {
	case schemeTLS:
		return "6870"
	case schemePlain, schemeStartTLS:
		return "6871"
	}
	return ""
}

// A target is a server's address from a URL.
type target struct {
	scheme     string
	host, addr string // host without a zone: the name in the certificate
}

// CheckURL returns why Dial can't connect to a URL, nil if it can. The error
// wraps ErrURL. It doesn't repeat a user's name and password.
func CheckURL(url string) error {
	_, err := parseURL(url)
	return err
}

// parseURL parses scheme://host[:port]. The host may be an IPv6 address with a
// zone, in brackets or not.
func parseURL(s string) (target, error) {
	scheme, rest, _ := strings.Cut(s, "://")
	rest = strings.TrimSuffix(rest, "/")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		return target{}, fmt.Errorf("%q: %w; an account isn't a part of it", scheme+"://"+rest[at+1:], ErrURL)
	}
	port := defaultPort(scheme)
	if port == "" {
		return target{}, fmt.Errorf("%q: %w", s, ErrURL)
	}
	host := rest
	if !unbracketed(rest) {
		var err error
		if host, port, err = splitPort(rest, port); err != nil {
			return target{}, fmt.Errorf("%q: %w: %w", s, ErrURL, err)
		}
	}
	if !validHost.MatchString(host) {
		return target{}, fmt.Errorf("%q: %w", s, ErrURL)
	}
	name, _, _ := strings.Cut(host, "%")
	return target{scheme, name, net.JoinHostPort(host, port)}, nil
}

var validHost = regexp.MustCompile(`^[^\s/?#\\\[\]]+$`)

// unbracketed reports whether s is an IPv6 address without brackets and port.
func unbracketed(s string) bool {
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Is6()
}

// splitPort splits host[:port]; without a port it returns the default.
func splitPort(s, port string) (string, string, error) {
	if strings.HasSuffix(s, "]") || !strings.Contains(s, ":") {
		return unescapeZone(strings.Trim(s, "[]")), port, nil
	}
	host, given, err := net.SplitHostPort(s)
	if err != nil {
		return "", "", errors.New("an IPv6 address with a port has to be in brackets")
	}
	if n, err := strconv.Atoi(given); err != nil || n < 1 || n > 65535 {
		return "", "", fmt.Errorf("port %q isn't a number from 1 to 65535", given)
	}
	return unescapeZone(host), given, nil
}

// unescapeZone undoes what URLs do to the % before a zone (RFC 6874).
func unescapeZone(host string) string { return strings.Replace(host, "%25", "%", 1) }
