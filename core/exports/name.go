package exports

import (
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxName = 4096 // bytes of a canonical name

// ErrName is the error for a name that is never served. It is an
// [fs.ErrNotExist].
var ErrName = fmt.Errorf("unusable name: %w", fs.ErrNotExist)

// Clean returns the canonical spelling of a client's name: "/a/b", or "c:/a/b"
// if the first element ends in a colon; that element becomes lower case. A
// backslash equals a slash, a leading slash may be left out, and "" is "/".
//
// It returns ErrName for
//
//   - elements that are empty, "." or "..", or contain a colon;
//   - a slash at the end, except of a root;
//   - control characters and invalid UTF-8;
//   - names of Windows devices with any extension, on every platform;
//   - on Windows, elements that end in a dot or a space;
//   - more than 4096 bytes in canonical spelling.
func Clean(name string) (string, error) {
	clean, ok := canonical(name)
	if !ok || len(clean) > maxName {
		return "", ErrName
	}
	return clean, nil
}

func canonical(name string) (string, bool) {
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", false
	}
	name = strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/")
	if name == "" {
		return "/", true
	}
	root := ""
	if first, rest, _ := strings.Cut(name, "/"); strings.HasSuffix(first, ":") {
		root, name = strings.ToLower(first), rest
		if !usable(root[:len(root)-1]) {
			return "", false
		}
		if rest == "" {
			return root, true
		}
	}
	for element := range strings.SplitSeq(name, "/") {
		if !usable(element) {
			return "", false
		}
	}
	return root + "/" + name, true
}

// usable reports whether element may be a part of a name.
func usable(element string) bool {
	switch {
	case element == "" || element == "." || element == "..", strings.Contains(element, ":"), device(element):
		return false
	}
	return runtime.GOOS != "windows" || !strings.HasSuffix(element, ".") && !strings.HasSuffix(element, " ")
}

// device reports whether element is the name of a device in Windows ("Naming
// Files, Paths and Namespaces" in its documentation).
func device(element string) bool {
	stem, _, _ := strings.Cut(element, ".")
	stem = strings.TrimRight(stem, " ")
	switch len(stem) {
	case 3:
		return equalsAny(stem, "CON", "PRN", "AUX", "NUL")
	case 4, 5: // a superscript takes two bytes
		return equalsAny(stem[:3], "COM", "LPT") && strings.Contains("0123456789¹²³", stem[3:])
	case 6, 7:
		return equalsAny(stem, "CONIN$", "CONOUT$")
	}
	return false
}

func equalsAny(s string, names ...string) bool {
	for _, name := range names {
		if strings.EqualFold(s, name) {
			return true
		}
	}
	return false
}

// hidden reports whether an element of name begins with a dot.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}
