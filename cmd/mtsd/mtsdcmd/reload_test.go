package mtsdcmd

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mts/admin"
	"mts/core/config"
	"mts/core/harness"
)

// A reloading is a server whose configuration a test changes.
type reloading struct {
	*daemon
	t    *testing.T
	dir  string
	text string // of the configuration
	log  harness.Log
}

func newReloading(t *testing.T, text string) *reloading {
	t.Helper()
	r := &reloading{t: t, dir: t.TempDir(), text: text}
	if err := os.Mkdir(filepath.Join(r.dir, "files"), 0o700); err != nil {
		t.Fatal(err)
	}
	opts := &options{state: filepath.Join(r.dir, "state")}
	p, err := (&preparer{options: opts}).prepare(r.parse())
	if err != nil {
		t.Fatal(err)
	}
	log, err := openJournal(p.cfg, &r.log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.close)
	if r.daemon, err = newDaemon(p, opts, log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	r.reloads.configure = r.parse
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	r.accept()
	return r
}

func (r *reloading) parse() (*config.Config, error) {
	return config.Parse(filepath.Join(r.dir, "mtsd.toml"), []byte(r.text))
}

// change replaces text in the configuration, reloads it, and returns what is
// logged then.
func (r *reloading) change(old, now string) (log string, err error) {
	r.t.Helper()
	if !strings.Contains(r.text, old) {
		r.t.Fatalf("there is no %q in\n%s", old, r.text)
	}
	r.text = strings.Replace(r.text, old, now, 1)
	before := len(r.log.String())
	err = r.reload("config")
	r.daemon.log.Info("changed") // the last line to wait for
	harness.Eventually(r.t, "the log", func() bool {
		log = r.log.String()[before:]
		return strings.Contains(log, "msg=changed")
	})
	return log, err
}

const reloadingConfig = `[server]
listen = ["127.0.0.1:0"]
drain = "30s"
[[export]]
path = "/"
dir = "files"
[log]
format = "text"
`

// A key that takes effect does so, and one that takes a restart says so, until
// it is what it was.
func TestReloadedKeys(t *testing.T) {
	r := newReloading(t, reloadingConfig)
	log, err := r.change(`drain = "30s"`, `drain = "7s"`)
	if got := r.drainTime(admin.StopSoon); err != nil || got != 7*time.Second || strings.Contains(log, "restart") {
		t.Errorf("the drain time is %v: %v\n%s", got, err, log)
	}
	for range 2 {
		log, err = r.change(`format = "text"`, `format = "json"`)
		if err != nil || !strings.Contains(log, `level=WARN msg=reload part=config key=log.format err="a change of this key takes effect at a restart only"`) {
			t.Errorf("%v\n%s", err, log)
		}
		log, err = r.change(`format = "json"`, `format = "text"`)
		if err != nil || strings.Contains(log, "restart") {
			t.Errorf("%v\n%s", err, log)
		}
	}
}

// A TLS listener keeps its certificate, whatever the file says of listeners.
func TestReloadKeepsTLS(t *testing.T) {
	r := newReloading(t, reloadingConfig)
	log, err := r.change(`listen = ["127.0.0.1:0"]`, "listen = []\nplain = [\"127.0.0.1:0\"]\nstarttls = false")
	if err != nil || !strings.Contains(log, "key=server.listen") || !strings.Contains(log, "key=server.plain") {
		t.Errorf("%v\n%s", err, log)
	}
	if p := r.parts.Load(); p.keeper == nil || p.settings().TLS == nil {
		t.Error("the certificate is gone")
	}
}

// A reload says all that is wrong, a line each, and leaves everything as it was.
func TestReloadMistakes(t *testing.T) {
	r := newReloading(t, reloadingConfig)
	before := r.parts.Load()
	log, err := r.change("drain = \"30s\"\n", "drain = 3\ndrian = 4\n[auth]\nusers = 'gone'\n[tls]\nclient_ca = 'gone'\n")
	for _, want := range []string{":3: server.drain: ", ":4: server.drian: ", ":6: auth.users: ", ":8: tls.client_ca: "} {
		if n := strings.Count(log, "part=config err=\""+filepath.Join(r.dir, "mtsd.toml")+want); n != 1 {
			t.Errorf("%d lines with %s in\n%s", n, want, log)
		}
		if err == nil || strings.Count(err.Error(), want) != 1 || strings.Contains(err.Error(), "\n") {
			t.Errorf("no %s in the error %v", want, err)
		}
	}
	if r.parts.Load() != before {
		t.Error("something has changed")
	}
}

// Only one reload runs at a time. One that waits ends with the server.
func TestReloadWaitsItsTurn(t *testing.T) {
	r := newReloading(t, reloadingConfig)
	token := <-r.reloads.turn // as a reload that runs
	done := make(chan error)
	go func() { done <- r.reload("users") }()
	r.reloads.turn <- token
	if err := <-done; err != nil {
		t.Error(err)
	}
	<-r.reloads.turn
	go func() { done <- r.reload("users") }()
	r.end()
	if err := <-done; !errors.Is(err, errStopping) {
		t.Error(err)
	}
}
