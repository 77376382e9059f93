package exports

import (
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the most bytes of a canonical name. "FILE " and such a name without
// its leading slash are a line of 4,096 bytes.
const maxName = 4092

// errName is the error for a name that is never served.
var errName = fmt.Errorf("unusable name: %w", fs.ErrNotExist)

// Clean returns the canonical spelling of a client's name: "/a/b", or "c:/a/b"
// if the first element ends in a colon; that element becomes lower case. A
// backslash equals a slash, a leading slash may be left out, and "" is "/".
//
// It returns an error that wraps [fs.ErrNotExist] for
//
//   - elements that are empty, "." or "..";
//   - a slash at the end, except of a root;
//   - control characters, and a root that is no UTF-8;
//   - on Windows, elements that it doesn't take for names of files: see forWindows;
//   - more than 4092 bytes in canonical spelling.
//
// Names are bytes: elsewhere than on Windows they need not be UTF-8.
func Clean(name string) (string, error) {
	clean, ok := canonical(runtime.GOOS, name)
	if !ok || len(clean) > maxName {
		return "", errName
	}
	return clean, nil
}

// canonical is Clean on the operating system goos, but for the length.
func canonical(goos, name string) (string, bool) {
	if strings.ContainsFunc(name, unicode.IsControl) {
		return "", false
	}
	name = strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/")
	if name == "" {
		return "/", true
	}
	root := ""
	if first, rest, _ := strings.Cut(name, "/"); strings.HasSuffix(first, ":") {
		root, name = strings.ToLower(first), rest
		if !utf8.ValidString(first) || strings.Contains(first[:len(first)-1], ":") || !usable(goos, root[:len(root)-1]) {
			return "", false
		}
		if rest == "" {
			return root, true
		}
	}
	for element := range strings.SplitSeq(name, "/") {
		if !usable(goos, element) {
			return "", false
		}
	}
	return root + "/" + name, true
}

// usable reports whether element may be a part of a name.
func usable(goos, element string) bool {
	if element == "" || element == "." || element == ".." {
		return false
	}
	return goos != "windows" || forWindows(element)
}

// forWindows reports whether Windows takes element for the name of a file: it is
// UTF-8, it isn't a device, it has no colon, which would begin the name of a
// stream, and it doesn't end in a dot or a space, which Windows would drop.
func forWindows(element string) bool {
	return utf8.ValidString(element) && !strings.Contains(element, ":") && !device(element) &&
		!strings.HasSuffix(element, ".") && !strings.HasSuffix(element, " ")
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

// hidden reports whether an element of name begins with a dot. name is one of
// io/fs, so "." is the top folder.
func hidden(name string) bool {
	return name != "." && (strings.HasPrefix(name, ".") || strings.Contains(name, "/."))
}
