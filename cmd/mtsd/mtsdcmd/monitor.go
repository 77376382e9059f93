package mtsdcmd

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"mts/core/config"
	"mts/core/metrics"
)

// A monitor shows metrics, and whether the server takes clients.
type monitor struct {
	ready   atomic.Bool
	latency *metrics.Latency // nil without a listener
	http    *http.Server     // nil until it is served
}

func newMonitor(cfg *config.Config) *monitor {
	m := &monitor{}
	if cfg.Metrics.Listen != "" {
		m.latency = metrics.NewLatency()
	}
	return m
}

// observe returns the function that takes the time of each command, or nil if
// nobody sees it.
func (m *monitor) observe() func(verb string, took time.Duration) {
	if m.latency == nil {
		return nil
	}
	return m.latency.Observe
}

func (m *monitor) close() {
	if m.http != nil {
		m.http.Close()
	}
}

// serveMetrics serves the listener of the metrics, if there is one.
func (d *daemon) serveMetrics() {
	for _, l := range d.listeners {
		if l.kind == "metrics" {
			reg := metrics.NewRegistry(metrics.Sources{
				Server:  d.server,
				Limits:  d.parts.Load().limits,
				Latency: d.monitor.latency,
				Plugins: d.pluginMetrics,
				Dropped: d.log.sink.Dropped,
			})
			d.monitor.http = metrics.NewServer(reg, d.monitor.ready.Load, slog.NewLogLogger(d.log.Handler(), slog.LevelWarn))
			d.serve(l, d.monitor.http.Serve)
		}
	}
}

func (d *daemon) pluginMetrics() []metrics.Plugin {
	if d.plugins == nil {
		return nil
	}
	var all []metrics.Plugin
	for _, p := range d.plugins.Status() {
		all = append(all, metrics.Plugin{Name: p.Name, Calls: p.Calls, Failures: p.Failures, Seconds: p.Busy.Seconds()})
	}
	return all
}
