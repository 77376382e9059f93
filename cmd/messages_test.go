package cmd_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mts/core/harness"
)

// The likeliest mistakes with mtsd: a message says what happened, to what, and what
// to do.
func TestMessages(t *testing.T) {
	mtsd, err := exec.LookPath("mtsd")
	harness.Must(t, err)
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	harness.Must(t, err)
	defer ln.Close()
	taken := ln.Addr().String()
	dir := t.TempDir()
	harness.Must(t, os.Chmod(dir, 0o700))
	env := append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"))
	run := func(args ...string) (code int, stderr string) {
		cmd := exec.Command(mtsd, args...)
		cmd.Dir, cmd.Env = dir, env
		var b strings.Builder
		cmd.Stderr = &b
		cmd.Run()
		return cmd.ProcessState.ExitCode(), b.String()
	}
	export := "[[export]]\npath = \"/\"\ndir = \"files\"\n"
	for name, content := range map[string]string{
		"files/a":       "a",
		"unclosed.toml": export + "[limits\nban_time = \"1m\"\n",
		"list.toml":     "[log]\nlevel = \"info\"\n[[export]\n",
		"unknown.toml":  export + "[limits]\nban_tme = \"1m\"\n",
		"type.toml":     export + "[server]\nlisten = \"127.0.0.1:0\"\n",
		"size.toml":     export + "[limits]\nbytes_per_second = \"10MB/s\"\n",
		"gone.toml":     "[[export]]\npath = \"/\"\ndir = \"gone\"\n",
		"metrics.toml":  export + "[metrics]\nlisten = \"" + taken + "\"\n",
	} {
		write(t, filepath.Join(dir, name), content)
	}
	for _, args := range []string{"user add ann --token", "cert new"} {
		if code, stderr := run(strings.Fields(args)...); code != 0 {
			t.Fatalf("mtsd %s: %d, %s", args, code, stderr)
		}
	}
	for _, test := range []struct {
		args string
		code int
		says string // in one line of its own
	}{
		{"srve", 2, `mtsd: "srve" is no subcommand; did you mean serve?`},
		{"user ad", 2, `mtsd user: "ad" is no subcommand; did you mean add?`},
		{"cert sow", 2, `mtsd cert: "sow" is no subcommand; did you mean show?`},
		{"frobnicate", 2, `mtsd: "frobnicate" is no subcommand; mtsd --help lists them`},
		{"serve", 2, "nothing to serve: add DIR to the command, or an [[export]] to the configuration"},
		{"serve --listen nonsense files", 2, `--listen: address "nonsense" is not host:port, with an IPv6 host in brackets`},
		{"serve --plain 127.0.0.1:99999 files", 2, `--plain: address "127.0.0.1:99999" has a port that is not 0 to 65535`},
		{"serve --listen " + taken + " files", 1, "server.listen: listen tcp4 " + taken + ": bind: address already in use; does another mtsd run? Stop it, or choose another address"},
		{"serve --plain " + taken + " files", 1, "server.plain: listen tcp4 " + taken + ": bind: address already in use; does another mtsd run? Stop it, or choose another address"},
		{"serve --listen 127.0.0.1:0 --config metrics.toml", 1, "metrics.listen: listen tcp4 " + taken + ": bind: address already in use; does another mtsd run? Stop it, or choose another address"},
		{"serve --config none.toml", 2, "none.toml: no such file or directory; is this the path of the configuration?"},
		{"config check --config files", 2, "files: is a directory; is this the path of the configuration?"},
		{"config check --config unclosed.toml", 2, "unclosed.toml:4: syntax: the name of a table isn't closed: write [limits]"},
		{"config check --config list.toml", 2, "list.toml:3: syntax: the name of a table isn't closed: write [[export]]"},
		{"config check --config unknown.toml", 2, "unknown.toml:5: limits.ban_tme: unknown key; did you mean ban_time?"},
		{"config check --config type.toml", 2, "type.toml:5: server.listen: must be a list, not a string"},
		{"config check --config size.toml", 2, `size.toml:5: limits.bytes_per_second: "10MB/s" is not a size such as "10MB", "256KiB" or "0"`},
		{"serve --users none files", 2, "auth.users: there is no file none; mtsd user add --users none NAME makes it"},
		{"user add ann --token", 1, "account ann exists; mtsd user passwd changes its password"},
		{"user passwd eve", 1, "no such account: eve; mtsd user list lists them"},
		{"user del eve", 1, "no such account: eve; mtsd user list lists them"},
		{"user add bob", 2, "no password on standard input: its first line is the password"},
		{"cert new", 1, filepath.Join(dir, "state/mtsd/server.key") + " exists; --force replaces it"},
	} {
		if code, stderr := run(strings.Fields(test.args)...); code != test.code || stderr != test.says+"\n" {
			t.Errorf("mtsd %s: exit code %d, stderr\n%swant %d,\n%s", test.args, code, stderr, test.code, test.says)
		}
	}
	code, stderr := run("serve", "--config", "gone.toml")
	if code != 2 || !strings.HasPrefix(stderr, "gone.toml:3: export.dir: ") || !strings.HasSuffix(stderr, "no such file or directory\n") {
		t.Errorf("an export that is gone: exit code %d, stderr %s", code, stderr)
	}
}
