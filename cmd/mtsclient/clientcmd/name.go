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
	unfinished := strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".part")
	if len(name) > maxName || name == "." || strings.ContainsAny(name, `/\`) || wire.HasControl(name) || !filepath.IsLocal(name) || unfinished {
		return errName
	}
	return nil
}
