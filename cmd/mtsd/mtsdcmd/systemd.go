package mtsdcmd

import (
	"context"
	"strings"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// tell sends states to the service manager, if one has started the server
// (sd_notify(3)).
func (d *daemon) tell(states ...string) {
	if _, err := systemd.SdNotify(false, strings.Join(states, "\n")); err != nil {
		d.log.Warn("systemd", "err", err)
	}
}

// tellReload tells the service manager that a reload has begun. The function it
// returns tells that it has ended.
func (d *daemon) tellReload() (ended func()) {
	d.tell(systemd.SdNotifyReloading, strings.TrimSpace(systemd.SdNotifyMonotonicUsec()))
	return func() { d.tell(systemd.SdNotifyReady) }
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
			d.tell(systemd.SdNotifyWatchdog)
		}
	}
}
