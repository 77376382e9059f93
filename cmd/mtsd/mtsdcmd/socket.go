package mtsdcmd

import (
	"os"
	"path/filepath"
	"strings"

	"mts/core/config"
)

// adminSocket returns the path of the admin socket, for the server and for mtsd
// admin: the configuration's, or in $RUNTIME_DIRECTORY, or in mtsd in
// $XDG_RUNTIME_DIR, or in the state directory.
func adminSocket(cfg *config.Config, opts *options) (string, error) {
	if cfg.Admin.Socket != "" {
		return cfg.Admin.Socket, nil
	}
	// systemd gives a list if the unit names more than one.
	if dir, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "admin.sock"), nil
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "mtsd", "admin.sock"), nil
	}
	dir, err := opts.stateDir()
	return filepath.Join(dir, "admin.sock"), err
}
