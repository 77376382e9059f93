package mtsdcmd

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"mts/core/builtin"
	"mts/core/server"
	"mts/plugins"
)

// A daemon is a running server: the parts that its configuration describes, and
// what works with them.
type daemon struct {
	opts      *options
	log       *journal
	parts     atomic.Pointer[parts] // in force; only a reload replaces them
	server    *server.Server
	plugins   *plugins.Set // nil without any
	listeners listeners
	monitor   *monitor
	control   control
	reloads   reloads

	running context.Context // until close
	end     context.CancelFunc
	tasks   sync.WaitGroup // goroutines that end with running
	failed  chan error     // why a listener can't go on
}

// newDaemon makes a server of the parts, which it closes if that fails.
func newDaemon(p *parts, opts *options, log *journal) (*daemon, error) {
	d := &daemon{
		opts: opts, log: log, monitor: newMonitor(p.cfg), control: newControl(), reloads: newReloads(),
		failed: make(chan error, 1),
	}
	d.running, d.end = context.WithCancel(context.Background())
	d.parts.Store(p)
	p.accounts.OnError = func(err error) { d.logReload("users", err) }
	p.accounts.OnChange = d.accountsChanged
	p.limits.OnError = func(err error) { d.log.Error("bans", "err", err) }
	var err error
	d.server, err = server.New(server.Config{
		Settings:          p.settings(),
		Commands:          builtin.Commands(),
		Auth:              p.accounts,
		Limits:            p.limits,
		Observe:           d.monitor.observe(),
		InsecurePlaintext: opts.insecurePlaintext,
		Log:               log.Logger,
	})
	if err != nil {
		p.close()
		return nil, err
	}
	return d, nil
}

// open opens the listeners and begins to load the plugins. Operators are served
// from oversee on, clients from accept on.
func (d *daemon) open() (err error) {
	p := d.parts.Load()
	if err = d.listeners.open(p.cfg, &d.opts.inherited); err != nil {
		return err
	}
	for _, l := range d.listeners {
		d.log.Info("listening", "listener", l.kind, "addr", l.Addr().String())
	}
	if p.cfg.Plugins.Dir != "" {
		pc := pluginsConfig(p.cfg, p.state, d.log.Logger)
		pc.Update = d.server.SetPlugins
		d.plugins, err = openPlugins(p.cfg, pc)
	}
	return err
}

// oversee begins to serve operators and the listener of the metrics.
func (d *daemon) oversee() error {
	d.serveMetrics()
	return d.openPlane(d.parts.Load())
}

// loaded returns a channel that tells when the plugins are loaded, with an error
// if one that the configuration requires isn't in force.
func (d *daemon) loaded() <-chan error {
	done := make(chan error, 1)
	d.tasks.Go(func() {
		if d.plugins == nil {
			done <- nil
			return
		}
		err := waitForPlugins(d.running, d.parts.Load().cfg, d.plugins)
		if d.running.Err() == nil {
			done <- err
		}
	})
	return done
}

// accept begins to serve clients.
func (d *daemon) accept() {
	d.tasks.Go(d.watchUsers)
	if d.reloads.sandbox != nil {
		d.tasks.Go(d.watchExports)
	}
	d.tasks.Go(d.serveReloads)
	for _, l := range d.listeners {
		switch l.kind {
		case "tls":
			d.serve(l, d.server.ServeTLS)
		case "plain":
			d.serve(l, d.server.Serve)
		}
	}
	d.monitor.ready.Store(true)
	d.reloads.turn <- struct{}{}
}

// close ends the sessions that are left and gives everything back.
func (d *daemon) close() {
	d.end()
	d.listeners.close()
	d.server.Close()
	if d.plugins != nil {
		d.plugins.Close()
	}
	d.control.close()
	d.monitor.close()
	waitBriefly(d.tasks.Wait) // a file system may hang under a reload
	p := d.parts.Load()
	if err := p.limits.Close(); err != nil {
		d.log.Error("bans", "err", err)
	}
	p.close()
}

// serve serves a listener in the background, until it is closed.
func (d *daemon) serve(l listener, serve func(net.Listener) error) {
	go func() {
		if err := serve(l); !errors.Is(err, server.ErrServerClosed) && !errors.Is(err, http.ErrServerClosed) {
			select {
			case d.failed <- err:
			default: // one failure is enough
			}
		}
	}()
}
