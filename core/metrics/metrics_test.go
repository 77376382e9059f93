package metrics_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"mts/core/limit"
	"mts/core/metrics"
	"mts/core/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newRegistry(t *testing.T) (*prometheus.Registry, *metrics.Latency) {
	t.Helper()
	limits := limit.New(limit.Policy{})
	s, err := server.New(server.Config{Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	if err := limits.Ban(limit.Ban{Target: "192.0.2.1"}); err != nil {
		t.Fatal(err)
	}
	latency := metrics.NewLatency()
	return metrics.NewRegistry(metrics.Sources{
		Server:  s,
		Limits:  limits,
		Latency: latency,
		Plugins: func() []metrics.Plugin { return []metrics.Plugin{{Name: "wc", Calls: 3, Failures: 1, Seconds: 0.5}} },
		Dropped: func() int64 { return 7 },
	}), latency
}

// Names, units and types are as Prometheus's conventions want them.
func TestConventions(t *testing.T) {
	reg, latency := newRegistry(t)
	latency.Observe("FILE", time.Millisecond)
	problems, err := testutil.GatherAndLint(reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestValues(t *testing.T) {
	reg, latency := newRegistry(t)
	latency.Observe("FILE", 3*time.Millisecond)
	latency.Observe("FILE", 2*time.Minute)
	code, text := fetch(t, reg, true, "GET", "/metrics")
	if code != http.StatusOK {
		t.Fatalf("status %d", code)
	}
	for _, line := range []string{
		`mts_sessions{state="idle"} 0`,
		`mts_transfers_total{result="success"} 0`,
		`mts_command_duration_seconds_bucket{verb="FILE",le="0.0025"} 0`,
		`mts_command_duration_seconds_bucket{verb="FILE",le="0.005"} 1`,
		`mts_command_duration_seconds_bucket{verb="FILE",le="60"} 1`,
		`mts_command_duration_seconds_bucket{verb="FILE",le="+Inf"} 2`,
		`mts_command_duration_seconds_sum{verb="FILE"} 120.003`,
		`mts_plugin_calls_total{plugin="wc"} 3`,
		`mts_plugin_failures_total{plugin="wc"} 1`,
		`mts_plugin_call_seconds_total{plugin="wc"} 0.5`,
		`mts_limit_waits_total{kind="bytes"} 0`,
		`mts_bans 1`,
		`mts_log_lines_dropped_total 7`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %s in\n%s", line, text)
		}
	}
}

// fetch asks the HTTP server of a registry.
func fetch(t *testing.T, reg prometheus.Gatherer, ready bool, method, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	metrics.NewServer(reg, func() bool { return ready }, nil).Handler.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

func TestHTTP(t *testing.T) {
	for _, test := range []struct {
		method, path string
		ready        bool
		code         int
	}{
		{"GET", "/healthz", true, 200},
		{"GET", "/healthz", false, 200},
		{"GET", "/readyz", true, 200},
		{"GET", "/readyz", false, 503},
		{"HEAD", "/readyz", true, 200},
		{"HEAD", "/metrics", true, 200},
		{"POST", "/metrics", true, 405},
		{"DELETE", "/healthz", true, 405},
		{"GET", "/", true, 404},
		{"GET", "/metrics/x", true, 404},
		{"GET", "/debug/pprof/", true, 404},
	} {
		code, _ := fetch(t, prometheus.NewRegistry(), test.ready, test.method, test.path)
		if code != test.code {
			t.Errorf("%s %s, ready %t: status %d, want %d", test.method, test.path, test.ready, code, test.code)
		}
	}
}

// A command's latency is counted without a byte of garbage.
func TestObserveAllocates(t *testing.T) {
	latency := metrics.NewLatency()
	latency.Observe("FILE", time.Millisecond)
	if n := testing.AllocsPerRun(1000, func() { latency.Observe("FILE", time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations a command", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	latency := metrics.NewLatency()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			latency.Observe("FILE", time.Millisecond)
		}
	})
}
