package mtsdcmd

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"

	"mts/admin"
)

// A loop waits for what ends or changes a running server. What takes time runs
// in a goroutine of its own, so that the loop always answers at once.
type loop struct {
	daemon  *daemon
	signals <-chan os.Signal
	begin   func() error // called when the plugins are loaded

	console   *console // nil without one
	announced bool     // the ready file is written
	replaced  bool     // another process goes on with the listeners
}

// notify returns the signals that control the server. It is called before anybody
// is told that the server is there.
func notify(more ...os.Signal) (signals <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 4)
	signal.Notify(c, append(more, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)...)
	return c, func() { signal.Stop(c) }
}

// run returns when a listener has failed, or when SIGINT, SIGTERM or an operator
// ended the server, or a new process has taken over, and transfers have had the
// drain time to finish. A second signal ends it at once.
func (l *loop) run() error {
	d := l.daemon
	watched, unwatch := context.WithCancel(d.running)
	defer unwatch()
	u := d.newUpgrade()
	defer u.cancel()
	defer func() { l.console.close() }()
	loaded := d.loaded()
	for {
		select {
		case err := <-loaded:
			loaded = nil
			if err == nil {
				err = l.begin()
			}
			if err != nil {
				return err
			}
			go d.watchdog(watched)
		case err := <-d.failed:
			return err
		case err := <-u.done:
			if u.finish(err); err == nil {
				l.replaced = true
				unwatch()
				go l.console.close()
				return l.drain(d.server.Retire, d.drainTime(admin.StopSoon))
			}
		case sig := <-l.signals:
			switch {
			case sig == os.Interrupt && l.console.interrupt():
			case sig == syscall.SIGHUP:
				d.reloads.request()
			case slices.Contains(upgradeSignals, sig):
				u.start()
			default:
				return l.shutdown(sig.String(), admin.StopSoon)
			}
		case how := <-d.control.stops:
			return l.shutdown("an operator's", how)
		}
	}
}

// shutdown ends the server, which a signal or an operator asked for.
func (l *loop) shutdown(signal string, how admin.Stop) error {
	l.daemon.log.Info("shutdown", "signal", signal)
	l.daemon.sdNotify(systemd.SdNotifyStopping)
	return l.drain(l.daemon.server.Shutdown, l.daemon.drainTime(how))
}

// drain calls end, which lets the sessions finish. A second signal ends it at once, as
// does an operator's shutdown.
func (l *loop) drain(end func(context.Context) error, limit time.Duration) error {
	d := l.daemon
	d.monitor.ready.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- end(ctx) }()
	for {
		select {
		case err := <-done:
			if err != nil {
				d.log.Warn("shutdown", "err", "sessions were cut off")
			}
			return nil
		case sig := <-l.signals:
			if sig == os.Interrupt || sig == syscall.SIGTERM {
				return fmt.Errorf("stopped at once by a second signal (%s)", sig)
			}
			d.reloads.request()
		case how := <-d.control.stops:
			if how != admin.StopDrained { // which is what happens already
				cancel()
			}
		}
	}
}
