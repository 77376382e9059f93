package quota

import (
	"errors"
	"strings"
	"testing"

	"mts/core"
	"mts/core/coretest"
)

func configure(t *testing.T, bytes any) {
	t.Helper()
	if err := Configure(map[string]any{"bytes": bytes}); err != nil {
		t.Fatal(err)
	}
}

func TestQuota(t *testing.T) {
	configure(t, "1KB")
	host := &coretest.Host{User: core.Session{User: "ann"}}
	hooks := Hooks()
	for _, step := range []struct {
		fetched int64
		err     error // of the transfer
		used    string
		open    bool // a file afterwards
	}{
		{0, nil, "used=0 left=1000 limit=1000\n", true},
		{600, nil, "used=600 left=400 limit=1000\n", true},
		{399, errors.New("client is gone"), "used=999 left=1 limit=1000\n", true},
		{500, nil, "used=1499 left=0 limit=1000\n", false},
	} {
		hooks.Done(host.Call("/a"), step.fetched, step.err)
		host.Data.Reset()
		if err := host.Run(Commands()[0], ""); err != nil || host.Data.String() != step.used {
			t.Errorf("QUOTA: %v, %q; want %q", err, host.Data.String(), step.used)
		}
		err := hooks.Open(host.Call("/a"))
		var told *core.Error
		if step.open && err != nil || !step.open && (!errors.As(err, &told) || told.Code != core.CodeRateLimited) {
			t.Errorf("after %s open: %v", step.used, err)
		}
	}
	host.User.User = "bob"
	if err := hooks.Open(host.Call("/a")); err != nil {
		t.Errorf("bob pays for ann: %v", err)
	}
}

// An entry of another day counts for nothing and is overwritten, so that an
// account has one entry at most.
func TestNewDay(t *testing.T) {
	configure(t, int64(10))
	host := &coretest.Host{
		User:  core.Session{User: "ann"},
		Store: map[string]string{"day:ann": "2001-01-01 99"},
	}
	if err := Hooks().Open(host.Call("/a")); err != nil {
		t.Errorf("open: %v", err)
	}
	Hooks().Done(host.Call("/a"), 10, nil)
	if want := today() + " 10"; len(host.Store) != 1 || host.Store["day:ann"] != want {
		t.Errorf("store %v; want %q alone", host.Store, want)
	}
	if err := Hooks().Open(host.Call("/a")); err == nil {
		t.Error("open goes on at the limit")
	}
}

func TestNoLimit(t *testing.T) {
	configure(t, int64(0))
	host := &coretest.Host{User: core.Session{User: "ann"}}
	Hooks().Done(host.Call("/a"), 1<<50, nil)
	if err := Hooks().Open(host.Call("/a")); err != nil {
		t.Errorf("open: %v", err)
	}
	if err := host.Run(Commands()[0], ""); err != nil || host.Text != "There is no limit." {
		t.Errorf("QUOTA: %v, %q", err, host.Text)
	}
}

func TestDamagedEntryIsLogged(t *testing.T) {
	configure(t, "1KB")
	host := &coretest.Host{Store: map[string]string{"day:": today() + " x"}}
	if err := Hooks().Open(host.Call("/a")); err != nil || len(host.Logs) != 1 {
		t.Errorf("open: %v, logs %q", err, host.Logs)
	}
}

// A full host keeps nothing.
type full struct{ coretest.Host }

func (*full) Save(string, string) error { return errors.New("store is full") }

func TestFullStoreIsLogged(t *testing.T) {
	host := &full{}
	Hooks().Done(core.NewCall(t.Context(), host, "/a"), 5, nil)
	if len(host.Logs) != 1 || !strings.Contains(host.Logs[0], "store is full") {
		t.Errorf("logs %q", host.Logs)
	}
}

func TestConfigure(t *testing.T) {
	for _, test := range []struct {
		value any
		want  int64
	}{
		{int64(500), 500}, {"500", 500}, {"500B", 500}, {"2KB", 2e3}, {"2kib", 2048}, {"3MB", 3e6}, {"3MiB", 3 << 20},
		{"10GB", 1e10}, {"1GiB", 1 << 30}, {"1TB", 1e12}, {"1TiB", 1 << 40}, {"9223372036854775807", 1<<63 - 1},
	} {
		configure(t, test.value)
		if limit != test.want {
			t.Errorf("%v: limit %d; want %d", test.value, limit, test.want)
		}
	}
	for _, value := range []any{"", "GB", "-1", "1.5GB", "10 GB", "10XB", "9223372036854775808", "8388608TiB", true, 1.5} {
		if err := Configure(map[string]any{"bytes": value}); err == nil {
			t.Errorf("%v: taken as %d", value, limit)
		}
	}
	if err := Configure(map[string]any{"byte": "1GB"}); err == nil || !strings.Contains(err.Error(), "unknown setting byte") {
		t.Errorf("an unknown setting: %v", err)
	}
	if err := Configure(nil); err != nil || limit != defaultLimit {
		t.Errorf("no settings: %v, limit %d", err, limit)
	}
}
