package guard

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"mts/core"
	"mts/core/coretest"
)

func configure(t *testing.T, settings map[string]any) {
	t.Helper()
	if err := Configure(settings); err != nil {
		t.Fatal(err)
	}
}

func TestOpen(t *testing.T) {
	configure(t, map[string]any{"zone": "+02:00", "rules": []any{
		"/payroll     ann,hr-*",
		"/backups/    backup     mon-fri  22:00-06:00",
		"/office      *          sat-mon  08:00-17:30",
		"/noon        *          *        12:00-24:00",
		"/two%20words -",
		"c:/logs      -",
		"/pub/drafts  -",
		"/pub         *",
	}})
	t.Cleanup(func() { now = time.Now })
	for _, test := range []struct {
		user, file, at string
		ok             bool
	}{
		{"ann", "/payroll/may.csv", "2026-01-05 12:00", true},
		{"hr-joe", "/payroll/may.csv", "2026-01-05 12:00", true},
		{"bob", "/payroll/may.csv", "2026-01-05 12:00", false},
		{"bob", "/payroll", "2026-01-05 12:00", false},
		{"bob", "/two words/x", "2026-01-05 12:00", false},
		{"bob", "c:/logs/x", "2026-01-05 12:00", false},
		{"bob", "/payrolls", "2026-01-05 12:00", true},
		{"-", "/pub/drafts/x", "2026-01-05 12:00", false},
		{"bob", "/pub/x", "2026-01-05 12:00", true},
		{"bob", "/other", "2026-01-05 12:00", true},

		{"backup", "/backups/x", "2026-01-05 22:00", true}, // a monday
		{"backup", "/backups/x", "2026-01-05 21:59", false},
		{"backup", "/backups/x", "2026-01-06 05:59", true},
		{"backup", "/backups/x", "2026-01-06 06:00", false},
		{"backup", "/backups/x", "2026-01-05 05:00", false}, // sunday's hours
		{"backup", "/backups/x", "2026-01-10 05:00", true},  // friday's hours
		{"backup", "/backups/x", "2026-01-10 22:00", false},
		{"ann", "/backups/x", "2026-01-05 22:00", false},

		{"bob", "/office/x", "2026-01-10 08:00", true},
		{"bob", "/office/x", "2026-01-12 17:29", true},
		{"bob", "/office/x", "2026-01-12 17:30", false},
		{"bob", "/office/x", "2026-01-13 12:00", false},
		{"bob", "/noon/x", "2026-01-13 23:59", true},
		{"bob", "/noon/x", "2026-01-13 00:00", false},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", test.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		now = func() time.Time { return at.UTC() }
		host := &coretest.Host{User: core.Session{User: test.user}}
		err = Hooks().Open(host.Call(test.file))
		if test.ok && err != nil || !test.ok && (!errors.Is(err, fs.ErrNotExist) || len(host.Logs) != 1) {
			t.Errorf("%s opens %s at %s: %v, log %q; want %t", test.user, test.file, test.at, err, host.Logs, test.ok)
		}
	}
}

func TestSettings(t *testing.T) {
	for name, test := range map[string]struct {
		settings map[string]any
		want     string
	}{
		"none":     {nil, ""},
		"no list":  {map[string]any{"rules": "/a ann"}, "rules has to be a list"},
		"no path":  {map[string]any{"rules": []any{"/a ann", "a ann"}}, `rule 2: "a ann" is not: /PATH`},
		"too long": {map[string]any{"rules": []any{"/a ann mon 1:00 2:00"}}, "is not: /PATH"},
		"pattern":  {map[string]any{"rules": []any{"/a [ann"}}, "syntax error in pattern"},
		"day":      {map[string]any{"rules": []any{"/a ann mon-may"}}, `"may" is none of [mon`},
		"hour":     {map[string]any{"rules": []any{"/a ann mon 8-25:00"}}, "\"8\" is no time of the day\n\"25:00\" is"},
		"zone":     {map[string]any{"zone": "Berlin"}, "zone is \"Berlin\""},
		"unknown":  {map[string]any{"rule": nil}, "unknown setting rule"},
	} {
		err := Configure(test.settings)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v; want %q", name, err, test.want)
		}
	}
}
