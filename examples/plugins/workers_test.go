package plugins_test

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mts/core"
	"mts/plugins"
	"mts/plugins/worker"
)

// The test binary is also the worker.
const workerArg = "plugin-worker"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == workerArg {
		os.Exit(worker.Main(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// served loads all plugins into workers, as a server does.
func served(t *testing.T, settings map[string]map[string]any) map[string]plugin {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "plugins.d")
	for _, name := range folders(t) {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(dir, name), checkout(t, name)); err != nil {
			t.Fatal(err)
		}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	loaded := make(map[string]plugin)
	set, err := plugins.Open(plugins.Config{
		Dir: dir, Store: t.TempDir(), Timeout: 20 * time.Second, Settings: settings,
		Command: func() *exec.Cmd { return exec.Command(exe, workerArg) },
		Update: func(all []core.Plugin) error {
			for _, p := range all {
				loaded[p.Name] = plugin{
					commands: func() []core.Command { return p.Commands },
					hooks:    func() core.Hooks { return p.Hooks },
				}
			}
			return nil
		},
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Close)
	for _, st := range set.Status() {
		if st.State != "running" {
			t.Fatalf("%s is %s: %s", st.Name, st.State, st.Error)
		}
	}
	if len(loaded) != len(compiled()) {
		t.Fatalf("%d plugins are loaded; want %d", len(loaded), len(compiled()))
	}
	return loaded
}

func TestVerbsInWorkers(t *testing.T) {
	for name, p := range served(t, nil) {
		compare(t, "served", name, p)
	}
}

func TestHooksInWorkers(t *testing.T) {
	loaded := served(t, map[string]map[string]any{
		"motd":  {"path": "motd.txt"},
		"quota": {"bytes": int64(10)},
		"guard": {"required": true, "rules": []any{"/pub bob"}},
	})
	h := host("")
	if err := loaded["motd"].hooks().Login(h.Call("ann")); err != nil || fmt.Sprint(h.Notices) != "[id=3: first id=3: second]" {
		t.Errorf("login: %v, notices %q", err, h.Notices)
	}
	guarded := loaded["guard"].hooks()
	if err := guarded.Open(h.Call("/pub/b.txt")); !errors.Is(err, fs.ErrNotExist) || len(h.Logs) != 1 {
		t.Errorf("open of what isn't ann's: %v, log %q", err, h.Logs)
	}
	if err := guarded.Open(h.Call("/a.txt")); err != nil {
		t.Errorf("open of what no rule is about: %v", err)
	}
	hooks := loaded["quota"].hooks()
	for _, bytes := range []int64{4, 6} {
		if err := hooks.Open(h.Call("/a.txt")); err != nil {
			t.Errorf("open before %d more bytes: %v", bytes, err)
		}
		hooks.Done(h.Call("/a.txt"), bytes, nil)
	}
	var told *core.Error
	if err := hooks.Open(h.Call("/a.txt")); !errors.As(err, &told) || told.Code != core.CodeRateLimited {
		t.Errorf("open over the limit: %v; want code rate-limited", err)
	}
	h.User.User = "bob"
	if err := hooks.Open(h.Call("/a.txt")); err != nil {
		t.Errorf("another account's open: %v", err)
	}
}
