// Package names has the syntax of the names that people choose: of verbs,
// accounts and plugins.
package names

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// DefaultAccount is the account that AUTH means without a USER before it, and
// the one that a server without a users file has.
const DefaultAccount = "default"

const (
	maxVerb    = 32 // of a plugin's verb, in bytes
	maxAccount = 64 // in characters
)

// IsVerbByte reports whether a verb may contain b: an ASCII letter, a digit or
// '-'. The case of a letter doesn't matter (core/wire/PROTOCOL.md, section 2).
func IsVerbByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-'
}

// CheckVerb returns nil if s is a verb, in upper or lower case, or else why it
// isn't one.
func CheckVerb(s string) error {
	for i := range len(s) {
		if !IsVerbByte(s[i]) {
			return fmt.Errorf("verb %q has a character other than letters, digits and -", s)
		}
	}
	if s == "" {
		return errors.New("the verb is empty")
	}
	return nil
}

// CheckNewVerb returns nil if a plugin may add the verb s, or else why not. Such a
// verb is upper case, begins with a letter and has at most 32 bytes.
func CheckNewVerb(s string) error {
	if CheckVerb(s) != nil || len(s) > maxVerb || strings.ToUpper(s) != s || s[0] < 'A' {
		return fmt.Errorf("%.*q is not a verb: write up to %d upper case letters, digits and '-', a letter first", maxVerb+1, s, maxVerb)
	}
	return nil
}

// CheckAccount returns nil if s can be the name of an account, or else why not.
// Such a name has 1 to 64 characters: letters and digits of any language, and
// "._@-". It doesn't begin with '-'.
func CheckAccount(s string) error {
	foreign := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._@-", r)
	}
	switch {
	case s == "" || utf8.RuneCountInString(s) > maxAccount:
		return fmt.Errorf("account name is not 1 to %d characters", maxAccount)
	case s[0] == '-':
		return fmt.Errorf("account name %q starts with -", s)
	case strings.ContainsFunc(s, foreign):
		return fmt.Errorf("account name %q has a character other than letters, digits and ._@-", s)
	}
	return nil
}

// pluginKeys are the keys of [plugins]; a test of core/config compares them.
var pluginKeys = []string{"dir", "timeout", "memory", "instances"}

var plugin = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// CheckPlugin returns nil if s can be the name of a plugin, or else why not. Such
// a name has at most 32 lower case ASCII letters, digits and '_', a letter first.
// A key of the configuration's table [plugins] isn't allowed, because the settings
// of a plugin are in [plugins.NAME].
func CheckPlugin(s string) error {
	switch {
	case !plugin.MatchString(s):
		return fmt.Errorf("%q can't be the name of a plugin; use lower case letters and digits", s)
	case slices.Contains(pluginKeys, s):
		return fmt.Errorf("%q can't be the name of a plugin; it is a key of [plugins]", s)
	}
	return nil
}

// Client returns the name of a client, the address in its "host:port"; an IPv4
// address in IPv6 form is written as IPv4. Other texts are returned unchanged.
func Client(remote string) string {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	return ap.Addr().Unmap().WithZone("").String()
}
