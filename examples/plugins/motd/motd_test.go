package motd

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"mts/core"
	"mts/core/coretest"
)

func newHost() *coretest.Host {
	return &coretest.Host{
		User: core.Session{ID: 7, User: "ann"},
		Files: fstest.MapFS{
			"motd.txt": {Data: []byte("\r\none\r\n\r\ntwo\r\n\r\n")},
			"long.txt": {Data: []byte(strings.Repeat("line\n", maxLines+1))},
			"wide.txt": {Data: []byte(strings.Repeat("x", maxBytes+1))},
			"empty":    {},
		},
	}
}

func TestMessage(t *testing.T) {
	for _, test := range []struct {
		settings map[string]any
		want     []string
	}{
		{nil, nil},
		{map[string]any{"text": ""}, nil},
		{map[string]any{"text": "hello, 100 %d"}, []string{"hello, 100 %d"}},
		{map[string]any{"text": "one\n\ntwo\n"}, []string{"one", "", "two"}},
		{map[string]any{"path": "motd.txt"}, []string{"one", "", "two"}},
		{map[string]any{"path": "empty"}, nil},
		{map[string]any{"path": "long.txt"}, slices.Repeat([]string{"line"}, maxLines)},
		{map[string]any{"path": "wide.txt"}, []string{strings.Repeat("x", maxBytes)}},
	} {
		if err := Configure(test.settings); err != nil {
			t.Fatal(err)
		}
		host := newHost()
		if err := Hooks().Login(host.Call("ann")); err != nil {
			t.Errorf("%v: login refused: %v", test.settings, err)
		}
		var notices []string
		for _, line := range test.want {
			notices = append(notices, "id=7: "+line)
		}
		if !slices.Equal(host.Notices, notices) {
			t.Errorf("%v: notices %.80q; want %.80q", test.settings, host.Notices, notices)
		}
		if err := host.Run(Commands()[0], ""); err != nil {
			t.Errorf("%v: MOTD: %v", test.settings, err)
		}
		data := ""
		for _, line := range test.want {
			data += line + "\n"
		}
		if host.Data.String() != data {
			t.Errorf("%v: MOTD printed %.80q; want %.80q", test.settings, host.Data.String(), data)
		}
	}
}

func TestMissingFileDoesNotVeto(t *testing.T) {
	if err := Configure(map[string]any{"path": "missing"}); err != nil {
		t.Fatal(err)
	}
	host := newHost()
	if err := Hooks().Login(host.Call("ann")); err != nil || len(host.Logs) != 1 || len(host.Notices) != 0 {
		t.Errorf("login: %v, logs %q, notices %q; want one line in the log", err, host.Logs, host.Notices)
	}
	if err := host.Run(Commands()[0], ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("MOTD: %v; want fs.ErrNotExist", err)
	}
}

func TestWrongSettings(t *testing.T) {
	for want, settings := range map[string]map[string]any{
		"text is not a text in quotes": {"text": int64(5)},
		"path is not a text in quotes": {"path": []any{"a"}},
		"unknown setting txt":          {"txt": "hello"},
		"both set":                     {"text": "a", "path": "b"},
	} {
		if err := Configure(settings); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v; want %q", settings, err, want)
		}
	}
}
