package mtsdcmd

import (
	"time"

	"mts/admin"
	"mts/core/config"
)

// openPlane lets operators reach the server from now on.
func (d *daemon) openPlane(cfg *config.Config) error {
	path, err := adminSocket(cfg, d.opts)
	if err != nil {
		return err
	}
	uids, err := allowedUIDs(cfg)
	if err != nil {
		return err
	}
	replace := d.opts.inherited.ready != nil // the socket of the server before
	ln, err := admin.Socket{Path: path, Shared: len(uids) > 0, Replace: replace}.Listen()
	if err != nil {
		return err
	}
	d.plane = admin.New(admin.Config{
		Server:    d.server,
		Limits:    d.limits,
		Users:     d.users.Names,
		Plugins:   d.plugins,
		Feed:      &d.log.feed,
		Level:     &d.log.level,
		Log:       d.log.Logger,
		Reload:    d.reload,
		Stop:      d.stop,
		AllowUIDs: uids,
	})
	go d.plane.Serve(ln)
	d.log.Info("listening", "listener", "admin", "addr", path)
	return nil
}

// allowedUIDs looks up who may use the admin socket.
func allowedUIDs(cfg *config.Config) (uids []int, err error) {
	for _, name := range cfg.Admin.AllowUsers {
		uid, err := admin.UID(name)
		if err != nil {
			return nil, cfg.Errorf("admin.allow_users", "%s", err)
		}
		uids = append(uids, uid)
	}
	return uids, nil
}

// stop has wait end the server.
func (d *daemon) stop(how admin.Stop) error {
	select {
	case d.stops <- how:
	default: // it has been told often enough
	}
	return nil
}

// unlimited is a time that nobody waits for.
const unlimited = 10 * 365 * 24 * time.Hour

// drainTime is how long transfers get.
func drainTime(how admin.Stop, configured time.Duration) time.Duration {
	switch how {
	case admin.StopDrained:
		return unlimited
	case admin.StopNow:
		return 0
	}
	return configured
}
