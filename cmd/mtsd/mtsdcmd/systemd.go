package mtsdcmd

import (
	"context"
	"strings"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// sdNotify sends states to the service manager, if one has started the server
// (sd_notify(3)).
func (d *daemon) sdNotify(states ...string) {
	if _, err := systemd.SdNotify(false, strings.Join(states, "\n")); err != nil {
		d.log.Warn("systemd", "err", err)
	}
}

// sdReloading tells the service manager that a reload has begun. The function
// that it returns tells that the reload has ended.
func (d *daemon) sdReloading() (ended func()) {
	d.sdNotify(systemd.SdNotifyReloading, strings.TrimSpace(systemd.SdNotifyMonotonicUsec()))
	return func() { d.sdNotify(systemd.SdNotifyReady) }
}

// watchdog tells the service manager that the server answers, twice in the time
// that it allows between messages, until ctx ends. A server that is deadlocked
// sends nothing.
func (d *daemon) watchdog(ctx context.Context) {
	limit, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		d.log.Warn("systemd", "err", err)
	}
	if limit <= 0 {
		return
	}
	tick := time.NewTicker(limit / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.server.Sessions()
			d.sdNotify(systemd.SdNotifyWatchdog)
		}
	}
}
