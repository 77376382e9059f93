package config

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
)

var bad = []struct{ text, want string }{
	// syntax
	{"[server\n", `1: syntax: the name of a table isn't closed: write [server]`},
	{"[log]\nlevel = 'info'\n[limits # of all\n", `3: syntax: the name of a table isn't closed: write [limits]`},
	{"[log]\nlevel = 'info'\n[[export]\n", `3: syntax: the name of a table isn't closed: write [[export]]`},
	{"[log]\nlevel = 'info'\n[limits", `3: syntax: the name of a table isn't closed: write [limits]`},
	{"[log]\nlevel = 'info'\n[\n", `3: syntax: expected '.' or ']' to end table name, but got '\n' instead`},
	{"[log]\nlevel = 'info'\n[lim its]\n", `3: syntax: expected '.' or ']' to end table name, but got 'i' instead`},
	{"\n[log]\nlevel = warn\n", `3: log.level: expected value but found "warn" instead`},
	{"[log]\nlevel = \"info\"\n\nlevel = \"warn\"\n", `4: log.level: Key 'log.level' has already been defined.`},
	{"[log]\n\n[log]\n", `3: syntax: Key 'log' has already been defined.`},
	{"[log]\nfile = \"x\nlevel = 'info'\n", `2: log.file: strings cannot contain newlines`},
	{"[log]\n\x01\n", `2: log: TOML files cannot contain control characters: '0x01'`},
	{"[log]\nfile = \"\"\"\nx\\q\n\"\"\"\n", `3: log.file: invalid escape in string '\q'`},
	{"a = \"x", `1: a: unexpected EOF; expected '"'`},
	// keys
	{"[server]\nlisten = []\nmax_session = 1\n", `3: server.max_session: unknown key; did you mean max_sessions?`},
	{"[sever]\nlisten = []\n", `1: sever: unknown key; did you mean server?`},
	{"[server]\nListen = []\n", `2: server.Listen: unknown key; did you mean listen?`},
	{"colour = 'red'\n", `1: colour: unknown key`},
	{"\"\" = 1\n", `1: "": unknown key`},
	{"[plugins]\nwc = 3\n", `2: plugins.wc: unknown key`},
	{"[user.ann]\nverbs = []\n[user.bob]\nverb = []\n", `4: user.bob.verb: unknown key; did you mean verbs?`},
	{"[[export]]\npath = '/'\ndir = 'x'\n[[export]]\npath = '/b'\ndir = 'x'\nhiden = true\n", `7: export.hiden: unknown key; did you mean hidden?`},
	{"server = {\n listen = [],\n z = 1 }\n", `1: server.z: unknown key`},
	{"[log]\nb = 1\na = 1\n", "2: log.b: unknown key\n3: log.a: unknown key"},
	// types
	{"[server]\nlisten = '127.0.0.1:1'\n", `2: server.listen: must be a list, not a string`},
	{"[server]\nstarttls = 'yes'\n", `2: server.starttls: must be true or false, not a string`},
	{"[server]\nmax_sessions = 1.5\n", `2: server.max_sessions: must be a whole number, not a number`},
	{"log = 'info'\n", `1: log: must be a table, not a string`},
	{"[log]\nlevel = 2026-01-02\n", `2: log.level: must be a string, not a date`},
	{"\n[export]\npath = '/'\n", `2: export: must be a list, not a table`},
	{"[[log]]\nlevel = 'info'\n", `1: log: must be a table, not a list`},
	{"[plugins.wc]\n[plugins.dir]\nx = 1\n", `2: plugins.dir: must be a string, not a table`},
	{"[plugins.timeout]\n", `1: plugins.timeout: must be a duration such as "30s", not a table`},
	{"[plugins.memory]\n", `1: plugins.memory: must be a size such as "10MB", not a table`},
	{"[plugins.instances]\n", `1: plugins.instances: must be a whole number, not a table`},
	// durations, sizes, numbers
	{"[timeouts]\nidle = 30\n", `2: timeouts.idle: must be a duration such as "30s", not a whole number`},
	{"[timeouts]\nidle = '30'\n", `2: timeouts.idle: "30" is not a duration such as "30s" or "1h30m"`},
	{"[timeouts]\nidle = '0s'\n", `2: timeouts.idle: "0s" is not a positive duration`},
	{"[server]\ndrain = '-1s'\n", `2: server.drain: "-1s" is not a positive duration`},
	{"[limits]\n# a comment\nbytes_per_second = '10MB/s'\n", `3: limits.bytes_per_second: "10MB/s" is not a size such as "10MB", "256KiB" or "0"`},
	{"[limits]\nbytes_per_second = -1\n", `2: limits.bytes_per_second: size "-1" is negative`},
	{"[limits]\ntotal_bytes_per_second = '9999999TB'\n", `2: limits.total_bytes_per_second: size "9999999TB" is too large`},
	{"[limits]\nbytes_per_second = true\n", `2: limits.bytes_per_second: must be a size such as "10MB", not true or false`},
	{"[server]\nmax_sessions = -1\n", `2: server.max_sessions: -1 is negative or too large`},
	// networks, dates
	{"[server]\nproxy_protocol_from = '10.0.0.0/8'\n", `2: server.proxy_protocol_from: must be a list, not a string`},
	{"[limits]\nexempt = ['10.0.0.0/33']\n", `2: limits.exempt: "10.0.0.0/33" is not a network such as "192.0.2.0/24" or "2001:db8::/32"`},
	{"[limits]\nexempt = ['::ffff:10.0.0.1']\n", `2: limits.exempt: "::ffff:10.0.0.1" is not a network such as "192.0.2.0/24" or "2001:db8::/32"`},
	{"[user.ann]\nnetworks = [7]\n", `2: user.ann.networks: must be a network such as "192.0.2.0/24", not a whole number`},
	{"[user.ann]\nexpires = '2027-01-31'\n", `2: user.ann.expires: must be a date, not a string`},
	{"[user.ann]\nexpires = 12:00:00\n", `2: user.ann.expires: a time needs a date`},
	// addresses
	{"[server]\nlisten = [\n '127.0.0.1:1',\n '127.0.0.1',\n]\n", `2: server.listen: address "127.0.0.1" is not host:port, with an IPv6 host in brackets`},
	{"[server]\nlisten = ['::1:6870']\n", `2: server.listen: address "::1:6870" is not host:port, with an IPv6 host in brackets`},
	{"[server]\nplain = [':65536']\n", `2: server.plain: address ":65536" has a port that is not 0 to 65535`},
	{"[server]\nplain = ['[localhost]:1']\n", `2: server.plain: address "[localhost]:1" has no IPv6 address in its brackets`},
	{"[server]\nplain = ['300.1.1.1:1']\n", `2: server.plain: "300.1.1.1" is not a host name or an IP address`},
	{"[metrics]\nlisten = 'local host:1'\n", `2: metrics.listen: "local host" is not a host name or an IP address`},
	{"[server]\nlisten = [':6870']\nplain = ['0.0.0.0:06870']\n", `3: server.plain: "0.0.0.0:06870" is used by another listener`},
	{"[metrics]\nlisten = '127.0.0.1:6870'\n", `2: metrics.listen: "127.0.0.1:6870" is used by another listener`},
	// exports
	{"[[export]]\npath = 'pub'\ndir = 'x'\n", `2: export.path: export path "pub" is not like "/", "/pub" or "c:"`},
	{"[[export]]\npath = '/pub/'\ndir = 'x'\n", `2: export.path: export path "/pub/" is not like "/", "/pub" or "c:"`},
	{"[[export]]\npath = '/a/../b'\ndir = 'x'\n", `2: export.path: export path "/a/../b" is not like "/", "/pub" or "c:"`},
	{"[[export]]\npath = 'c:/x'\ndir = 'x'\n", `2: export.path: export path "c:/x" is not like "/", "/pub" or "c:"`},
	{"[[export]]\ndir = 'x'\n", `1: export.path: missing`},
	{"[[export]]\npath = '/'\ndir = 'x'\n\n[[export]]\npath = '/b'\n", `5: export.dir: missing`},
	{"[[export]]\npath = '/'\ndir = ''\n", `3: export.dir: missing`},
	{"[[export]]\npath = 'c:'\ndir = 'x'\n[[export]]\ndir = 'y'\npath = 'C:'\n", `6: export.path: "c:" is exported already`},
	{"export = [{ path = '/', dir = 'x' },\n { path = '/' }]\n", "1: export.dir: missing\n1: export.path: \"/\" is exported already"},
	// TLS
	{"[log]\n[tls]\ncert = 'x'\n", `2: tls.key: missing, tls.cert needs it`},
	{"[tls.acme]\n[tls]\nkey = 'x'\n", `2: tls.cert: missing, tls.key needs it`},
	{"log.level = 'info'\ntls.key = 'x'\n", `2: tls.cert: missing, tls.key needs it`},
	{"[tls]\nmin_version = '1.1'\n", `2: tls.min_version: "1.1" is not one of 1.2, 1.3`},
	{"[tls]\nmin_version = ''\n", `2: tls.min_version: "" is not one of 1.2, 1.3`},
	{"[tls]\nclient_ca = 'x'\nclient_auth = 'maybe'\n", `3: tls.client_auth: "maybe" is not one of optional, require`},
	{"\n[tls]\nclient_auth = 'require'\n", `2: tls.client_ca: missing, tls.client_auth needs it`},
	{"[tls]\ncert = 'x'\nkey = 'x'\n[tls.acme]\ndomains = ['a.example']\n", `5: tls.acme.domains: tls.cert is set too, only one of them can be used`},
	{"[tls.acme]\ndomains = ['*.example']\n", `2: tls.acme.domains: "*.example" is not a host name or an IP address`},
	{"[tls.acme]\ndirectory = 'http://a.example'\n", `2: tls.acme.directory: "http://a.example" is not an https URL`},
	// the rest
	{"[log]\nlevel = 'trace'\n", `2: log.level: "trace" is not one of debug, info, warn, error`},
	{"[log]\nformat = 'xml'\n", `2: log.format: "xml" is not one of text, json`},
	{"[user.'a b']\n", `1: user."a b": account name "a b" has a character other than letters, digits and ._@-`},
	{"[user.\"a\\u001b[1m\\u202e\"]\n", `1: user."a\u001b[1m\u202e": account name "a\x1b[1m\u202e" has a character other than letters, digits and ._@-`},
	{"[user.ann]\nverbs = ['FILE', 'LI ST']\n", `2: user.ann.verbs: verb "LI ST" has a character other than letters, digits and -`},
	{"[user.ann]\nsessions = -1\n", `2: user.ann.sessions: -1 is negative or too large`},
	{"[user.ann]\nexports = ['/../x']\n", `2: user.ann.exports: export path "/../x" is not like "/", "/pub" or "c:"`},
	{"[user.ann]\nexports = ['d:']\n", `2: user.ann.exports: "d:" is neither an export nor a folder in one`},
	{"[[export]]\npath = '/pub'\ndir = 'x'\n[user.ann]\nsessions = 1\nexports = ['/pub/a', '/public']\n", `6: user.ann.exports: "/public" is neither an export nor a folder in one`},
	// strings over several lines don't look like keys
	{"[log]\nfile = '''\n[tls]\nlevel = \"\"\"\n'''\nlevel = 'x'\nformat = 'x'\n", "6: log.level: \"x\" is not one of debug, info, warn, error\n7: log.format: \"x\" is not one of text, json"},
	// all mistakes are told in the order of the file, but not what follows from one
	{"[timeouts]\nidle = 3\nlogin = '0s'\n[user.ann]\nexports = ['/b', 'x']\nverb = []\n[tls]\nkey = 'x'\n[[export]]\npath = '/'\n",
		`2: timeouts.idle: must be a duration such as "30s", not a whole number
3: timeouts.login: "0s" is not a positive duration
5: user.ann.exports: export path "x" is not like "/", "/pub" or "c:"
6: user.ann.verb: unknown key; did you mean verbs?
7: tls.cert: missing, tls.key needs it
9: export.dir: missing`},
	{"[tls]\ncert = 'x'\nkye = 'x'\n[[export]]\npath = '/'\ndri = 'x'\n[user.ann]\nexports = ['/b']\n",
		"3: tls.kye: unknown key; did you mean key?\n6: export.dri: unknown key; did you mean dir?"},
	{"[server]\nlisten = ['x', 'x']\nplain = [':1']\n[metrics]\nlisten = ':1'\n", `2: server.listen: address "x" is not host:port, with an IPv6 host in brackets`},
	{"\ufeff[log]\r\nlevel = 'x'\r\n", `2: log.level: "x" is not one of debug, info, warn, error`},
}

func TestErrors(t *testing.T) {
	for _, tt := range bad {
		_, err := Parse("dir/mtsd.toml", []byte(tt.text))
		if err == nil {
			t.Errorf("%q is taken", tt.text)
			continue
		}
		got := strings.ReplaceAll("\n"+err.Error(), "\ndir/mtsd.toml:", "\n")
		if got[1:] != tt.want {
			t.Errorf("%q:\ngot  %s\nwant %s", tt.text, got[1:], tt.want)
		}
	}
}

func TestErrorf(t *testing.T) {
	c := parse(t, "mtsd.toml", "\n[tls]\nmin_version = '1.3'\n[[export]]\ndir = 'x'\npath = '/'\n[[export]]\npath = '/b'\ndir = 'y'\n[plugins.wc]\nn = 1\n")
	for key, want := range map[string]string{
		"tls.min_version": "mtsd.toml:3: tls.min_version: no",
		"tls.key":         "mtsd.toml:2: tls.key: no",
		"auth.users":      "mtsd.toml:1: auth.users: no",
		"export.dir":      "mtsd.toml:5: export.dir: no",
		"export[1].dir":   "mtsd.toml:9: export.dir: no",
		"export[1].x":     "mtsd.toml:7: export.x: no",
		"plugins.wc.n":    "mtsd.toml:11: plugins.wc.n: no",
		"plugins.wc.m":    "mtsd.toml:10: plugins.wc.m: no",
	} {
		if got := c.Errorf(key, "%s", "no").Error(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := Default().Errorf("tls.key", "a\nb\x9b").Error(); got != `tls.key: a\nb\x9b` {
		t.Errorf("without a file: %s", got)
	}
}

// A mistake in a value is a mistake in the tables around it.
func TestBad(t *testing.T) {
	c, _ := Parse("mtsd.toml", []byte("[[export]]\npath = '/'\ndir = 'x'\n[[export]]\npath = '/'\ndir = 3\n[server]\nlisten = ['x']\n"))
	for key, want := range map[string]bool{
		"export": true, "export[0]": false, "export[1]": true, "export[1].dir": true, "export[1].path": false,
		"server.listen": true, "server": true, "serve": false, "server.plain": false,
	} {
		if c.Bad(key) != want {
			t.Errorf("%s: %v", key, !want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(documented)
	f.Add(everything)
	for _, tt := range bad {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("mtsd.toml", []byte(text))
		if err != nil {
			for _, err := range flatten(nil, []error{err}) {
				msg := err.Error()
				if !strings.HasPrefix(msg, "mtsd.toml:") || strings.ContainsFunc(msg, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("error %q", msg)
				}
				if e := err.(*Error); e.Line < 1 || e.Line > 1+strings.Count(text, "\n") || e.Key == "" || e.Msg == "" {
					t.Errorf("error %+v", e)
				}
			}
			return
		}
		var first, second bytes.Buffer
		if err := c.Encode(&first); err != nil {
			t.Fatal(err)
		}
		again, err := Parse("mtsd.toml", first.Bytes())
		if err != nil {
			t.Fatalf("%v in\n%s", err, first.String())
		}
		if err := again.Encode(&second); err != nil || second.String() != first.String() {
			t.Errorf("%v, encoded\n%s\nthen\n%s", err, first.String(), second.String())
		}
	})
}
