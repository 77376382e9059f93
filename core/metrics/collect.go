package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mts/core/limit"
)

// A collector is a prometheus.Collector.
type collector struct{ Sources }

// Collect is part of prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	out := output(ch)
	stats := c.Server.Stats()
	for state, n := range c.Server.States() {
		out.gauge(sessions, n, state)
	}
	out.counter(sessionsTotal, float64(stats.SessionsTotal))
	out.counter(transfers, float64(stats.Transfers), "success")
	out.counter(transfers, float64(stats.Failures), "failure")
	out.counter(sentBytes, float64(stats.BytesOut))
	for reason, n := range stats.Refusals {
		out.counter(refusals, float64(n), reason)
	}
	for h, n := range stats.Handshakes {
		out.counter(handshakes, float64(n), h.Version, h.Group)
	}
	out.gauge(staleExports, stats.StaleExports)
	out.limits(c.Limits)
	if c.Plugins != nil {
		out.plugins(c.Plugins())
	}
	if c.Dropped != nil {
		out.counter(logDropped, float64(c.Dropped()))
	}
}

type output chan<- prometheus.Metric

func (out output) gauge(d *prometheus.Desc, n int, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
}

func (out output) counter(d *prometheus.Desc, n float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, n, labels...)
}

func (out output) limits(t *limit.Table) {
	stats := t.Stats()
	for kind, w := range map[string]*limit.Waits{
		"commands": &stats.Commands, "bytes": &stats.Bytes, "connections": &stats.Connections,
	} {
		out.counter(limitWaits, float64(w.Count.Load()), kind)
		out.counter(limitWaitSeconds, time.Duration(w.Nanoseconds.Load()).Seconds(), kind)
	}
	out.gauge(bans, len(t.Bans()))
	out.counter(bansTotal, float64(stats.Bans.Load()))
}

func (out output) plugins(all []Plugin) {
	for _, p := range all {
		out.counter(pluginCalls, float64(p.Calls), p.Name)
		out.counter(pluginFailures, float64(p.Failures), p.Name)
		out.counter(pluginSeconds, p.Seconds, p.Name)
	}
}
