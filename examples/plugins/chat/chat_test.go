package chat

import (
	"errors"
	"testing"
	"time"

	"mts/core"
	"mts/core/coretest"
)

func run(t *testing.T, host *coretest.Host, verb, arg string) error {
	t.Helper()
	for _, cmd := range Commands() {
		if cmd.Verb == verb {
			return host.Run(cmd, arg)
		}
	}
	t.Fatalf("no verb %s", verb)
	return nil
}

func people() *coretest.Host {
	at := time.Date(2026, 1, 2, 12, 0, 0, 0, time.FixedZone("", 7200))
	return &coretest.Host{
		User: core.Session{ID: 3, User: "ann"},
		Peers: []core.Session{
			{ID: 3, User: "ann", Remote: "192.0.2.1:1", Since: at},
			{ID: 4, User: "bob", Since: at},
			{ID: 5, Since: at},
		},
	}
}

func TestWho(t *testing.T) {
	host := people()
	if err := run(t, host, "WHO", ""); err != nil {
		t.Fatal(err)
	}
	want := "3 ann 2026-01-02T10:00:00Z\n4 bob 2026-01-02T10:00:00Z\n"
	if got := host.Data.String(); got != want || host.Text != "Sessions: 2." {
		t.Errorf("WHO: %q, %q; want %q", got, host.Text, want)
	}
}

func TestSend(t *testing.T) {
	for _, test := range []struct{ verb, arg, notice string }{
		{"SAY", "hi  %d", "id!=3 user!=: ann #3: hi  %d"},
		{"MSG", "bob lunch? bob?", "user=bob id!=3: ann #3: lunch? bob?"},
		{"MSG", "ann from the other desk", "user=ann id!=3: ann #3: from the other desk"},
		{"MSG", "#4 hi", "id=4: ann #3: hi"},
	} {
		host := people()
		if err := run(t, host, test.verb, test.arg); err != nil {
			t.Fatalf("%s %s: %v", test.verb, test.arg, err)
		}
		if len(host.Notices) != 1 || host.Notices[0] != test.notice {
			t.Errorf("%s %s sent %q; want %q", test.verb, test.arg, host.Notices, test.notice)
		}
		if host.Text != "Reached: 3." || host.Facts["reached"] != "3" {
			t.Errorf("%s %s: %q, %v; the host reached 3", test.verb, test.arg, host.Text, host.Facts)
		}
	}
}

// What isn't equal to somebody's name gets into no filter, and nothing is sent.
func TestRefusals(t *testing.T) {
	for arg, want := range map[string]core.Code{
		"bob":                     "",
		"bob ":                    "",
		" hi":                     "",
		"carl hi":                 core.CodeNotFound,
		"#5 hi":                   core.CodeNotFound, // not logged in
		"#04 hi":                  core.CodeNotFound,
		"# hi":                    core.CodeNotFound,
		"=bob hi":                 core.CodeNotFound,
		"bob\u00a0state=idle hi":  core.CodeNotFound,
		"#4\u00a0client=::1 hi":   core.CodeNotFound,
		"4 hi":                    core.CodeNotFound,
		"Bob hi":                  core.CodeNotFound,
		"bob\u2003idle>1h hi all": core.CodeNotFound,
	} {
		host := people()
		err := run(t, host, "MSG", arg)
		var told *core.Error
		if errors.As(err, &told) && told.Code != want || told == nil && err != core.ErrUsage || err == nil {
			t.Errorf("MSG %q: %v; want code %q", arg, err, want)
		}
		if len(host.Notices) > 0 {
			t.Errorf("MSG %q sent %q", arg, host.Notices)
		}
	}
}
