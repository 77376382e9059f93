package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Latency has a histogram of the durations of commands for each verb.
type Latency struct{ seconds *prometheus.HistogramVec }

// NewLatency returns a Latency without any command.
func NewLatency() *Latency {
	return &Latency{prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "mts_command_duration_seconds",
		Help:    "How long commands took, including the time that clients took to read.",
		Buckets: buckets,
	}, []string{"verb"})}
}

// buckets are seconds, from a short reply to a large file.
var buckets = []float64{
	50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3,
	100e-3, 250e-3, 500e-3, 1, 2.5, 5, 10, 30, 60,
}

// Observe adds a command. The verb has to be one that exists, because its
// histogram is kept for ever. Any goroutine may call it. It doesn't allocate.
func (l *Latency) Observe(verb string, took time.Duration) {
	l.seconds.WithLabelValues(verb).Observe(took.Seconds())
}
