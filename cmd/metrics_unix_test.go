//go:build unix

package cmd_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"mts/core/harness"
)

// measured starts a server that shows metrics, with a plugin, and returns it,
// its addresses, the folder that it serves, and the token of the account ann.
func measured(t *testing.T) (cmd *exec.Cmd, addrs map[string]string, dir, token string) {
	t.Helper()
	dir = t.TempDir()
	own := t.TempDir()
	users, plugins := filepath.Join(own, "users"), filepath.Join(own, "plugins.d")
	conf := fmt.Sprintf("[metrics]\nlisten = \"127.0.0.1:0\"\n[plugins]\ndir = %q\n", plugins)
	if err := os.Mkdir(plugins, 0o700); err != nil {
		t.Fatal(err)
	}
	token = strings.TrimSpace(output(t, dir, "user", "add", "--token", "--users", users, "ann"))
	output(t, plugins, "plugin", "new", "hello")
	cmd, addrs = serving(t, nil, conf, "--users", users, "--listen", "127.0.0.1:0", "--plain", "127.0.0.1:0", dir)
	return cmd, addrs, dir, token
}

// output returns what a subcommand of mtsd prints in a folder.
func output(t *testing.T, dir string, args ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.Command("mtsd", args...)
	cmd.Dir = dir
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("mtsd %s: %v: %s", args[0], err, stderr.String())
	}
	return string(out)
}

// get returns the status and the body of a page.
func get(t testing.TB, url string) (int, string) {
	t.Helper()
	client := http.Client{Timeout: limit, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// shakeHands has a TLS handshake, and waits for the greeting.
func shakeHands(t *testing.T, addr string) {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"mts/1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(limit))
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

var (
	families = regexp.MustCompile(`(?m)^# TYPE (\S+) `)
	samples  = regexp.MustCompile(`(?m)^([a-z_]+)[{ ]`)
	metric   = regexp.MustCompile(`\b(?:mts|go|process)_[a-z_]+`)
)

// The dashboard shows what there is, and all there is of the server's own.
func TestDashboard(t *testing.T) {
	cmd, addrs, _, _ := measured(t)
	shakeHands(t, addrs["tls"])
	send(t, addrs["plain"], "AUTH wrong\r\nHELLO\r\nQUIT\r\n")
	_, text := get(t, "http://"+addrs["metrics"]+"/metrics")
	exported := make(map[string]bool)
	for _, m := range samples.FindAllStringSubmatch(text, -1) {
		exported[m[1]] = true
	}
	shown := make(map[string]bool)
	for _, expr := range expressions(t, "../examples/grafana/mtsd.json") {
		names := metric.FindAllString(expr, -1)
		if len(names) == 0 {
			t.Errorf("no metric in %s", expr)
		}
		for _, name := range names {
			if !exported[name] {
				t.Errorf("%s isn't exported: %s", name, expr)
			}
			for _, suffix := range []string{"", "_bucket", "_count", "_sum"} {
				shown[strings.TrimSuffix(name, suffix)] = true
			}
		}
	}
	for _, m := range families.FindAllStringSubmatch(text, -1) {
		if name := m[1]; strings.HasPrefix(name, "mts_") && !shown[name] {
			t.Errorf("the dashboard doesn't show %s", name)
		}
	}
	for _, sample := range []string{
		`mts_refusals_total{reason="password"} 1`,
		`mts_handshakes_total{group="X25519MLKEM768",version="TLS 1.3"} 1`,
		`mts_sessions_total 2`,
		`mts_command_duration_seconds_count{verb="AUTH"} 1`,
		`mts_plugin_calls_total{plugin="hello"} 0`,
	} {
		if !strings.Contains(text, sample+"\n") {
			t.Errorf("no line %s in\n%s", sample, text)
		}
	}
	endServing(t, cmd)
}

// expressions returns the queries of a dashboard's panels and variables.
func expressions(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Definition string }
		}
	}
	if err := json.Unmarshal(b, &board); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range board.Panels {
		if len(p.Targets) == 0 && p.Type != "row" {
			t.Errorf("the panel %s asks for nothing", p.Title)
		}
		for _, target := range p.Targets {
			all = append(all, target.Expr)
		}
	}
	for _, v := range board.Templating.List {
		if v.Definition != "" {
			all = append(all, v.Definition)
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d queries in %s", len(all), path)
	}
	return all
}

// While it drains, the server is healthy but not ready.
func TestReadiness(t *testing.T) {
	cmd, addrs, dir, token := measured(t)
	url := "http://" + addrs["metrics"]
	harness.Eventually(t, "readiness", func() bool { code, _ := get(t, url+"/readyz"); return code == http.StatusOK })
	big, err := os.Create(filepath.Join(dir, "big"))
	if err != nil {
		t.Fatal(err)
	}
	defer big.Close()
	if err := big.Truncate(1 << 30); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addrs["plain"])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(limit))
	fmt.Fprintf(c, "USER ann\r\nAUTH %s\r\nFILE big\r\n", token)
	if _, err := io.ReadFull(c, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Signal(os.Interrupt)
	harness.Eventually(t, "the end of readiness", func() bool {
		code, _ := get(t, url+"/readyz")
		return code == http.StatusServiceUnavailable
	})
	if code, _ := get(t, url+"/healthz"); code != http.StatusOK {
		t.Errorf("not healthy while draining: %d", code)
	}
	c.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
