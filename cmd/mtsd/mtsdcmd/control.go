package mtsdcmd

import (
	"time"

	"mts/admin"
)

// A control is how operators reach the server.
type control struct {
	plane *admin.Plane    // nil until openPlane
	stops chan admin.Stop // how operators want the server to end
}

func newControl() control { return control{stops: make(chan admin.Stop, 2)} }

func (c *control) close() {
	if c.plane != nil {
		c.plane.Close()
	}
}

// stop has the server's loop end it, and doesn't wait for that.
func (c *control) stop(how admin.Stop) error {
	select {
	case c.stops <- how:
	default: // two are waiting already
	}
	return nil
}

// openPlane lets operators reach the server from now on.
func (d *daemon) openPlane(p *parts) error {
	path, err := adminSocket(p.cfg, d.opts)
	if err != nil {
		return err
	}
	replace := d.opts.inherited.ready != nil // the socket of the server before
	ln, err := admin.Socket{Path: path, Shared: len(p.operators) > 0, Replace: replace}.Listen()
	if err != nil {
		return err
	}
	d.control.plane = admin.New(admin.Config{
		Server:    d.server,
		Limits:    p.limits,
		Users:     p.accounts.Names,
		Plugins:   d.plugins,
		Feed:      &d.log.feed,
		Level:     &d.log.level,
		Log:       d.log.Logger,
		Reload:    d.reload,
		Stop:      d.control.stop,
		AllowUIDs: p.operators,
	})
	go d.control.plane.Serve(ln)
	d.log.Info("listening", "listener", "admin", "addr", path)
	return nil
}

// unlimited is a time that nobody waits for.
const unlimited = 10 * 365 * 24 * time.Hour

// drainTime is how long transfers get to finish.
func (d *daemon) drainTime(how admin.Stop) time.Duration {
	switch how {
	case admin.StopDrained:
		return unlimited
	case admin.StopNow:
		return 0
	}
	return d.parts.Load().cfg.Server.Drain
}
