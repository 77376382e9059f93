// Package metrics serves the metrics of a server to Prometheus, and answers
// health and readiness probes.
//
// The counters of the server are read at each scrape. No label has values that a
// client can choose.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"mts/core/limit"
	"mts/core/server"
)

// Sources are what the metrics are read from. Server, Limits and Latency are
// required.
type Sources struct {
	Server  *server.Server
	Limits  *limit.Table
	Latency *Latency
	Plugins func() []Plugin // nil: none
	Dropped func() int64    // log lines that were lost; nil: none
}

// A Plugin has the counters of one plugin since the server's start.
type Plugin struct {
	Name            string
	Calls, Failures int64
	Seconds         float64 // that its calls took, added up
}

// NewRegistry returns a registry with the metrics of the server, of the Go
// runtime and of the process.
func NewRegistry(s Sources) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		collector{s},
		s.Latency.seconds,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewBuildInfoCollector(),
	)
	return reg
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("mts_"+name, help, labels, nil)
}

var (
	sessions         = desc("sessions", "Open connections, by state.", "state")
	sessionsTotal    = desc("sessions_total", "Connections that were accepted.")
	transfers        = desc("transfers_total", "Transfers that have ended, by result.", "result")
	sentBytes        = desc("sent_bytes_total", "Bytes of data that were sent in replies.")
	refusals         = desc("refusals_total", "Connections, logins and calls that were refused.", "reason")
	handshakes       = desc("handshakes_total", "TLS handshakes, by version and key exchange.", "version", "group")
	pluginCalls      = desc("plugin_calls_total", "Calls of plugins.", "plugin")
	pluginFailures   = desc("plugin_failures_total", "Calls of plugins that ended in a crash or a timeout.", "plugin")
	pluginSeconds    = desc("plugin_call_seconds_total", "Time that calls of plugins took.", "plugin")
	limitWaits       = desc("limit_waits_total", "Waits because of a limit.", "kind")
	limitWaitSeconds = desc("limit_wait_seconds_total", "Time waited because of a limit.", "kind")
	bans             = desc("bans", "Bans in force.")
	bansTotal        = desc("bans_total", "Bans that the server imposed itself.")
	staleExports     = desc("stale_exports", "Exports that serve an old folder, because the new one can't be opened.")
	logDropped       = desc("log_lines_dropped_total", "Log lines that were lost because their target didn't take them.")
)

// Describe is part of prometheus.Collector.
func (collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		sessions, sessionsTotal, transfers, sentBytes, refusals, handshakes,
		pluginCalls, pluginFailures, pluginSeconds, limitWaits, limitWaitSeconds, bans, bansTotal, logDropped, staleExports,
	} {
		ch <- d
	}
}
