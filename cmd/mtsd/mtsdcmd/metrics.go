package mtsdcmd

import (
	"log/slog"
	"time"

	"mts/core/config"
	"mts/core/metrics"
)

// observer returns what takes the time of each command, nil if nobody looks.
func (d *daemon) observer(cfg *config.Config) func(verb string, took time.Duration) {
	if cfg.Metrics.Listen == "" {
		return nil
	}
	d.latency = metrics.NewLatency()
	return d.latency.Observe
}

// openMetrics opens the listener of the metrics, if there is to be one.
func (d *daemon) openMetrics(cfg *config.Config) error {
	if cfg.Metrics.Listen == "" {
		return nil
	}
	reg := metrics.NewRegistry(metrics.Sources{
		Server:  d.server,
		Limits:  d.limits,
		Latency: d.latency,
		Plugins: d.pluginMetrics,
		Dropped: d.log.sink.Dropped,
	})
	d.metrics = metrics.NewServer(reg, d.ready.Load, slog.NewLogLogger(d.log.Handler(), slog.LevelWarn))
	return d.open("metrics", cfg.Metrics.Listen)
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
