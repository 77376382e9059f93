package clientcmd

import (
	"errors"
	"path/filepath"
	"strings"

	"mts/core/wire"
)

var errName = errors.New("not a name to save a file under")

// baseName returns what follows the last slash or backslash of a path.
func baseName(path string) string {
	return path[strings.LastIndexAny(path, `/\`)+1:]
}

// checkName returns errName for a name that a file in a folder can't have, and for
// the names of unfinished files.
func checkName(name string) error {
	if len(name) > maxName || name == "." || strings.ContainsAny(name, `/\`) || wire.HasControl(name) || !filepath.IsLocal(name) || isUnfinished(name) {
		return errName
	}
	return nil
}

// isUnfinished reports whether a name is that of an unfinished file or its note.
func isUnfinished(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".part")
}

// lastElement returns the last element of a name with slashes, "" for "".
func lastElement(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
