package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"mts/core/names"
)

// text checks that s has the format and returns it in its usual form: a path is
// made absolute, a verb upper case, a drive lower case. A format that is none of
// the words here is the list of the strings that are allowed.
func (d *decoder) text(format, s string) (string, error) {
	switch format {
	case "":
	case "path":
		if s != "" && !filepath.IsAbs(s) {
			s = filepath.Join(d.dir, s)
		}
	case "addr":
		return s, CheckAddr(s)
	case "addr?":
		if s != "" {
			return s, CheckAddr(s)
		}
	case "host":
		return s, checkHost(s)
	case "url":
		if u, err := url.Parse(s); s != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
			return s, fmt.Errorf("%q is not an https URL", s)
		}
	case "root", "folder":
		n := driveLen(s)
		return strings.ToLower(s[:n]) + s[n:], checkFolder(s, format == "folder")
	case "verb":
		return strings.ToUpper(s), names.CheckVerb(s)
	case "name":
		return s, names.CheckAccount(s)
	default:
		return s, checkChoice(s, strings.Split(format, "|"))
	}
	return s, nil
}

func checkChoice(s string, choices []string) error {
	if slices.Contains(choices, s) {
		return nil
	}
	choices = slices.DeleteFunc(choices, func(c string) bool { return c == "" })
	return fmt.Errorf("%q is not one of %s", s, strings.Join(choices, ", "))
}

// CheckAddr returns an error unless s is an address to listen on: host:port,
// with an IPv6 host in brackets.
func CheckAddr(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("address %q is not host:port, with an IPv6 host in brackets", s)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("address %q has a port that is not 0 to 65535", s)
	}
	switch ip, err := netip.ParseAddr(host); {
	case s[0] == '[' && !(err == nil && ip.Is6()):
		return fmt.Errorf("address %q has no IPv6 address in its brackets", s)
	case host == "" || err == nil:
		return nil
	}
	return checkHost(host)
}

// checkHost checks a host name. Digits and dots alone are an IP address with a
// mistake.
func checkHost(s string) error {
	foreign := func(r rune) bool {
		return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r)
	}
	if strings.ContainsFunc(s, foreign) || strings.Trim(s, digits+".") == "" || slices.Contains(strings.Split(s, "."), "") {
		return fmt.Errorf("%q is not a host name or an IP address", s)
	}
	return nil
}

// driveLen returns the length of the drive at the start of s: 2 for "c:", or 0.
func driveLen(s string) int {
	if len(s) >= 2 && s[1] == ':' && strings.Trim(s[:1], letters) == "" {
		return 2
	}
	return 0
}

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// checkFolder checks a path as clients see it. A folder within a drive is valid
// only if deep is set.
func checkFolder(s string, deep bool) error {
	drive, rest := s[:driveLen(s)], s[driveLen(s):]
	clean := strings.HasPrefix(rest, "/") && path.Clean(rest) == rest && !strings.ContainsAny(rest, `\:`) && !strings.ContainsFunc(rest, unicode.IsControl)
	switch {
	case drive != "" && rest == "", drive == "" && clean, deep && clean && rest != "/":
		return nil
	}
	return fmt.Errorf(`export path %q is not like "/", "/pub" or "c:"`, s)
}
