package mtsdcmd

import (
	"mts/core/access"
	"mts/core/config"
)

// checkPlaces refuses files that the server trusts but others may replace. The
// modes of the files themselves are checked when they are read.
func checkPlaces(cfg *config.Config) error {
	var errs []error
	for _, file := range []struct{ key, path string }{
		{"tls.cert", cfg.TLS.Cert},
		{"tls.key", cfg.TLS.Key},
		{"tls.client_ca", cfg.TLS.ClientCA},
		{"auth.users", cfg.Auth.Users},
		{"admin.socket", cfg.Admin.Socket},
	} {
		if file.path == "" {
			continue
		}
		if err := access.CheckReplace(file.path); err != nil {
			errs = append(errs, cfg.Errorf(file.key, "%s: %s", file.path, err))
		}
	}
	return config.Join(errs...)
}
