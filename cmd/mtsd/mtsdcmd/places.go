package mtsdcmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mts/core/access"
	"mts/core/config"
)

// A place is a file or folder that is the server's own.
type place struct {
	key, path string
	check     func(path string) error // whether others may change it; nil if that is checked when it is read
	secret    string                  // what it is called, if it must not be served
}

func (p *preparer) places(next *parts) []place {
	cfg := next.cfg
	state, _ := p.stateDir()
	users, _, _ := usersFile(cfg, p.options)
	socket, _ := adminSocket(cfg, p.options)
	return []place{
		{"", p.config, nil, "configuration"},
		{"tls.cert", cfg.TLS.Cert, access.CheckPath, ""},
		{"tls.key", cfg.TLS.Key, access.CheckPath, "key"},
		{"tls.client_ca", cfg.TLS.ClientCA, access.CheckPath, ""},
		{"auth.users", users, nil, "users file"},
		{"", state, nil, "state directory"},
		{"admin.socket", socket, access.CheckSocket, "admin socket"},
		{"log.file", cfg.Log.File, nil, "log"},
	}
}

// checkPlaces refuses files that the server trusts but others may replace. The
// modes of the files themselves are checked when they are read.
func (p *preparer) checkPlaces(next *parts) error {
	var errs []error
	for _, place := range p.places(next) {
		if place.path == "" || place.check == nil {
			continue
		}
		if err := place.check(place.path); err != nil {
			errs = append(errs, next.cfg.Errorf(place.key, "%s: %s", place.path, err))
		}
	}
	return config.Join(errs...)
}

// checkSecrets refuses exports that would serve what is the server's own.
func (p *preparer) checkSecrets(next *parts) error {
	var errs []error
	for i, e := range next.cfg.Exports {
		key := fmt.Sprintf("export[%d].dir", i)
		if next.cfg.Bad(key) {
			continue
		}
		var served []string
		for _, place := range p.places(next) {
			if place.secret != "" && place.path != "" && serves(e, place.path) {
				served = append(served, fmt.Sprintf("the %s %s", place.secret, place.path))
			}
		}
		if served != nil {
			errs = append(errs, next.cfg.Errorf(key, "%s would serve %s", e.Dir, strings.Join(served, ", ")))
		}
	}
	return config.Join(errs...)
}

// serves reports whether an export would serve the file or folder at path, which
// may be missing. It compares folders, not their names: a folder may be mounted
// at two places.
func serves(e config.Export, path string) bool {
	root, err := os.Stat(e.Dir)
	if err != nil {
		return false
	}
	below := ""
	for at := realPath(path); ; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil && os.SameFile(info, root) {
			return e.Hidden || !strings.Contains(below, string(filepath.Separator)+".")
		}
		if at == filepath.Dir(at) {
			return false
		}
		below = string(filepath.Separator) + filepath.Base(at) + below
	}
}
