package mtsdcmd

import (
	"mts/core/access"
	"mts/core/config"
)

// A place is a file or folder that is the server's own.
type place struct {
	key, path string
	check     func(path string) error // whether others may change it
}

func (p *preparer) places(next *parts) []place {
	cfg := next.cfg
	socket, _ := adminSocket(cfg, p.options)
	return []place{
		{"tls.cert", cfg.TLS.Cert, access.CheckPath},
		{"tls.key", cfg.TLS.Key, access.CheckPath},
		{"tls.client_ca", cfg.TLS.ClientCA, access.CheckPath},
		{"admin.socket", socket, access.CheckSocket},
	}
}

// checkPlaces refuses files that the server trusts but others may replace. The
// modes of the files themselves are checked when they are read.
func (p *preparer) checkPlaces(next *parts) error {
	var errs []error
	for _, place := range p.places(next) {
		if place.path == "" {
			continue
		}
		if err := place.check(place.path); err != nil {
			errs = append(errs, next.cfg.Errorf(place.key, "%s: %s", place.path, err))
		}
	}
	return config.Join(errs...)
}
