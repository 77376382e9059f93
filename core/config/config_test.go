package config

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"mts/core/names"
)

const documented = `
[server]
listen = ["127.0.0.1:6870"]        # TLS
plain = []                         # plain listeners
starttls = true                    # offer STARTTLS on plain listeners
max_sessions = 10000
drain = "30s"
[tls]
cert = "server.crt"                # absent: made and kept in the state directory
key = "server.key"
client_ca = ""                     # set: client certificates are verified; client_auth = "optional" | "require"
min_version = "1.3"
[tls.acme]                         # domains = ["files.example.org"], email, directory
[auth]
users = "users"
[[export]]
path = "/"
dir = "/srv/files"
[limits]
sessions_per_client = 64
connections_per_second = 20
commands_per_second = 0
bytes_per_second = "0"             # 0: no limit; "10MB" per client
total_bytes_per_second = "0"
login_failures = 6                 # then a ban of ban_time, doubled each time up to 24h
                                   # 0 means no limit, for every limit and rate here
ban_time = "10m"
[timeouts]
handshake = "5s"
login = "30s"
line = "10s"
idle = "10m"
write = "30s"
[plugins]
dir = "plugins.d"
timeout = "2s"
memory = "256MB"
[plugins.NAME]                     # handed to that plugin as its settings
[admin]
socket = "/run/mtsd/admin.sock"
[log]
level = "info"
format = "text"
[metrics]
listen = ""                        # e.g. "127.0.0.1:9870": /metrics, /healthz, /readyz
[user.ann]
exports = ["/pub"]
bytes_per_second = "5MB"
`

// everything sets every key to something that is not its default.
const everything = `
server = { listen = [":6870", "[::1]:0"], plain = ["localhost:6871"], starttls = false, max_sessions = 0, drain = "0s", proxy_protocol_from = ["10.0.0.0/8"] }
[tls]
cert = "server.crt"
key = "keys/../server.key"
client_ca = "ca.crt"
client_auth = "require"
min_version = "1.2"
acme = { email = "ann@example.org", directory = "https://acme.example.org/directory" }
[auth]
users = "users"
[[export]]
path = "C:"
dir = "files"
hidden = true
[[export]]
path = "/pub/isos"
dir = "isos"
[limits]
sessions_per_client = 1
connections_per_second = 2
commands_per_second = 3
bytes_per_second = 1048576
total_bytes_per_second = "1kib"
login_failures = 0
ban_time = "0s"
exempt = ["10.0.0.0/8"]
[timeouts]
handshake = "1s"
login = "2s"
line = "3s"
idle = "1h30m"
write = "5ms"
[plugins]
dir = "plugins.d"
timeout = "1s"
memory = "0"
instances = 3
[plugins.wc]
words = [{ "a key" = 1 }, { deep = { er = [[1, 2.5], [true, "\u0001\""]] } }]
[[plugins.wc.table]]
since = 2026-01-02T03:04:05Z
[plugins."odd name"]
[admin]
socket = "admin.sock"
allow_users = ["ann"]
[log]
level = "debug"
format = "json"
file = "mtsd.log"
[metrics]
listen = "127.0.0.1:9870"
[sandbox]
mode = "require"
[user.ann]
exports = ["c:/sub", "/pub"]
verbs = ["file", "LIST"]
bytes_per_second = "5MB"
commands_per_second = 7
sessions = 8
networks = ["192.0.2.0/24"]
expires = 2027-01-31T10:00:00Z
[user."bob@example.org"]
exports = []
`

func parse(t *testing.T, name, text string) *Config {
	t.Helper()
	c, err := Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func equal(t *testing.T, got, want *Config) {
	t.Helper()
	a, b := *got, *want
	a.source, b.source = source{}, source{}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("got  %+v\nwant %+v", a, b)
	}
}

func TestEmptyFileIsDefault(t *testing.T) {
	equal(t, parse(t, "mtsd.toml", ""), Default())
}

func TestDocumentedExampleIsDefault(t *testing.T) {
	dir := t.TempDir()
	want := Default()
	want.TLS.Cert = filepath.Join(dir, "server.crt")
	want.TLS.Key = filepath.Join(dir, "server.key")
	want.Auth.Users = filepath.Join(dir, "users")
	want.Plugins.Dir = filepath.Join(dir, "plugins.d")
	want.Plugins.Settings = map[string]map[string]any{"NAME": {}}
	want.Admin.Socket = "/run/mtsd/admin.sock"
	want.Exports = []Export{{Path: "/", Dir: "/srv/files"}}
	want.Users = map[string]User{"ann": {Exports: []string{"/pub"}, BytesPerSecond: 5e6}}
	equal(t, parse(t, filepath.Join(dir, "mtsd.toml"), documented), want)
}

// A key that everything leaves out, or a field without a key, shows here.
func TestEveryKeyIsRead(t *testing.T) {
	c := parse(t, "mtsd.toml", everything)
	fresh := reflect.ValueOf(*Default())
	var compare func(name string, got, fresh reflect.Value)
	compare = func(name string, got, fresh reflect.Value) {
		for i := range got.NumField() {
			f := got.Type().Field(i)
			if f.Type.Kind() == reflect.Struct {
				if f.IsExported() {
					compare(name+f.Name+".", got.Field(i), fresh.Field(i))
				}
			} else if name+f.Name != "TLS.ACME.Domains" && reflect.DeepEqual(got.Field(i).Interface(), fresh.Field(i).Interface()) {
				t.Errorf("%s%s is still the default", name, f.Name)
			}
		}
	}
	compare("", reflect.ValueOf(*c), fresh)
	expires := time.Date(2027, 1, 31, 10, 0, 0, 0, time.UTC)
	ann := User{[]string{"c:/sub", "/pub"}, []string{"FILE", "LIST"}, 5e6, 7, 8, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, &expires}
	if !reflect.DeepEqual(c.Users["ann"], ann) {
		t.Errorf("user ann is %+v, want %+v", c.Users["ann"], ann)
	}
	if c.Exports[0].Path != "c:" || !c.Exports[0].Hidden || c.Limits.BytesPerSecond != 1<<20 || c.Timeouts.Idle != 90*time.Minute {
		t.Errorf("exports %+v, limits %+v, timeouts %+v", c.Exports, c.Limits, c.Timeouts)
	}
}

func TestClientAuthIsOptionalByDefault(t *testing.T) {
	if c := parse(t, "mtsd.toml", "tls.client_ca = 'ca.crt'"); c.TLS.ClientAuth != "optional" {
		t.Errorf("client_auth is %q", c.TLS.ClientAuth)
	}
}

func TestEncodeRoundTrip(t *testing.T) {
	for _, text := range []string{"", documented, everything, "[tls.acme]\ndomains = ['a.example.org']"} {
		c := parse(t, filepath.Join(t.TempDir(), "mtsd.toml"), text)
		var buf bytes.Buffer
		if err := c.Encode(&buf); err != nil {
			t.Fatal(err)
		}
		equal(t, parse(t, "elsewhere.toml", buf.String()), c)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "files"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		text string
		mode os.FileMode
		want string // of the error, after the file's name
	}{
		{"[[export]]\npath = '/'\ndir = 'files'\n[tls]\nclient_ca = 'ca.crt'\n", 0o644, ""},
		{"\n\nnonsense = 1\n", 0o600, ":3: nonsense: "},
		{"\n[[export]]\npath = '/'\ndir = 'files'\n", 0o620, ""},
		{"\n", 0o602, ":1: file: others may write to it"},
	}
	for _, tt := range tests {
		path := filepath.Join(dir, "mtsd.toml")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, tt.mode); err != nil {
			t.Fatal(err)
		}
		if filepath.Separator == '\\' && tt.mode&0o022 != 0 {
			continue // Windows has no such bits
		}
		c, err := Load(path)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%q: %v", tt.text, err)
		case tt.want == "" && c.Exports[0].Dir != filepath.Join(dir, "files"):
			t.Errorf("%q: dir is %q", tt.text, c.Exports[0].Dir)
		case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), path+tt.want)):
			t.Errorf("%q, mode %o: error %v, want ...%s", tt.text, tt.mode, err, tt.want)
		}
	}
	if _, err := Load(filepath.Join(dir, "none.toml")); err == nil || !strings.Contains(err.Error(), "none.toml: no such file") {
		t.Errorf("missing file: %v", err)
	}
}

// A plugin whose name is a key of [plugins] could have no settings.
func TestPluginKeys(t *testing.T) {
	for _, key := range keys(reflect.TypeFor[Plugins]()) {
		if key != "" && names.CheckPlugin(key) == nil {
			t.Errorf("a plugin may be called %s", key)
		}
	}
}
