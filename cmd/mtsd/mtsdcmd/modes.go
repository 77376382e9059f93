package mtsdcmd

import (
	"io/fs"
	"path/filepath"
	"strings"

	"mts/core/access"
	"mts/core/config"
)

// checkPlaces refuses files that the server trusts, but others may replace.
// The modes of the files themselves are checked by who reads them.
func checkPlaces(cfg *config.Config) error {
	for _, file := range []struct{ key, path string }{
		{"tls.cert", cfg.TLS.Cert},
		{"tls.key", cfg.TLS.Key},
		{"tls.client_ca", cfg.TLS.ClientCA},
		{"auth.users", cfg.Auth.Users},
	} {
		if file.path == "" {
			continue
		}
		if err := access.CheckReplace(file.path); err != nil {
			return cfg.Errorf(file.key, "%s: %s", file.path, err)
		}
	}
	return nil
}

// checkSources refuses plugins that others may write: the folder of all, that
// of one, or a file in it. What appears later is refused by itself.
func checkSources(cfg *config.Config) error {
	root := realPath(cfg.Plugins.Dir)
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return cfg.Errorf("plugins.dir", "%s", err)
		}
		if path != root && strings.ContainsAny(e.Name()[:1], "._") {
			return skip(e)
		}
		fi, err := e.Info()
		if err != nil || fi.Mode().Type()&fs.ModeSymlink != 0 {
			return nil
		}
		if err := access.CheckWrite(fi); err != nil {
			return cfg.Errorf("plugins.dir", "%s: %s", path, err)
		}
		return nil
	})
}

// skip leaves out what an entry of WalkDir holds.
func skip(e fs.DirEntry) error {
	if e.IsDir() {
		return fs.SkipDir
	}
	return nil
}
