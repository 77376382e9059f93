//go:build unix

package cmd_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mts/core/auth"
	"mts/core/harness"
)

const limit = harness.Patience // of anything that is waited for

// unlimited is a configuration in which clients may do as much as they like.
const unlimited = `[limits]
sessions_per_client = 0
connections_per_second = 0
commands_per_second = 0
login_failures = 0
`

// annToken is that of the account ann, the only one of a server whose arguments
// name no accounts.
var annToken, annHash = auth.NewToken()

// serving starts mtsd serve, with stderr if that isn't nil and with conf behind
// unlimited, and returns it and what its ready file says.
func serving(t *testing.T, stderr *os.File, conf string, args ...string) (*exec.Cmd, map[string]string) {
	t.Helper()
	dir := t.TempDir()
	file, ready := filepath.Join(dir, "mtsd.toml"), filepath.Join(dir, "ready")
	if err := os.WriteFile(file, []byte(unlimited+conf), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "users"), []byte("ann:"+annHash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("mtsd", append([]string{"serve", "--state", dir, "--config", file, "--ready-file", ready}, args...)...)
	if stderr != nil {
		cmd.Stderr = stderr
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	var lines []byte
	harness.Eventually(t, "the server", func() bool {
		var err error
		lines, err = os.ReadFile(ready)
		return err == nil
	})
	addrs := make(map[string]string)
	for line := range strings.Lines(string(lines)) {
		kind, addr, _ := strings.Cut(strings.TrimSpace(line), " ")
		addrs[kind] = addr
	}
	return cmd, addrs
}

// talk logs in, since a client without a login has few commands a second, and has
// n commands answered, each of which makes a log line of level debug.
func talk(t *testing.T, addr string, n int) {
	t.Helper()
	c := dial(t, addr)
	defer c.Close()
	commands := strings.Repeat("NOOP\r\n", 100)
	c.says("")
	c.says("USER ann")
	c.says("AUTH " + annToken)
	for range n / 100 {
		io.WriteString(c, commands)
		for range 100 {
			if line := c.says(""); line != "#OK." {
				t.Fatalf("got %q", line)
			}
		}
	}
}

// end stops a server, which has to end well and in time.
func endServing(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(limit, func() { cmd.Process.Kill() })
	defer kill.Stop()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

const manyLines = 30_000 // more than pipe and queue hold

// Nobody reads the log, then somebody does, then the pipe breaks.
func TestBlockedLog(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd, addrs := serving(t, w, "", "--plain", "127.0.0.1:0", "--log-level", "debug", ".")
	w.Close()
	talk(t, addrs["plain"], manyLines)
	for lines := bufio.NewScanner(r); ; {
		if !lines.Scan() {
			t.Fatalf("the log ended: %v", lines.Err())
		}
		if strings.Contains(lines.Text(), `msg="log lines dropped" n=`) {
			break
		}
		if !strings.HasPrefix(lines.Text(), "time=") {
			t.Fatalf("the log has the line %q", lines.Text())
		}
	}
	r.Close()
	talk(t, addrs["plain"], manyLines)
	endServing(t, cmd)
}

func TestBlockedLogAtTheEnd(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd, addrs := serving(t, w, "", "--plain", "127.0.0.1:0", "--log-level", "debug", ".")
	w.Close()
	talk(t, addrs["plain"], manyLines)
	endServing(t, cmd)
}

func TestFullDiskOfTheLog(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	cmd, addrs := serving(t, nil, "", "--plain", "127.0.0.1:0", "--log-level", "debug", "--log-file", "/dev/full", ".")
	talk(t, addrs["plain"], manyLines)
	endServing(t, cmd)
}

// The log is rotated by renaming and by truncating. If the new file can't be
// opened, the old one goes on.
func TestRotatedLog(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	old, kept := path+".1", path+".2"
	cmd, addrs := serving(t, nil, "", "--plain", "127.0.0.1:0", "--log-file", path, ".")
	logged := func(file, text string) {
		t.Helper()
		harness.Eventually(t, text+" in "+filepath.Base(file), func() bool {
			b, _ := os.ReadFile(file)
			return bytes.Contains(b, []byte(text))
		})
	}
	rename := func(to string) {
		t.Helper()
		if err := os.Rename(path, to); err != nil {
			t.Fatal(err)
		}
	}
	logged(path, "msg=ready")
	rename(old)
	talk(t, addrs["plain"], 0)
	logged(old, "msg=connect")
	cmd.Process.Signal(syscall.SIGHUP)
	logged(path, "msg=reload")

	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	talk(t, addrs["plain"], 0)
	logged(path, "msg=connect")
	if b, _ := os.ReadFile(path); !bytes.HasPrefix(b, []byte("time=")) {
		t.Errorf("the truncated log begins with %.20q", b)
	}

	rename(kept)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Signal(syscall.SIGHUP)
	logged(kept, "msg=reload part=log err=")
	talk(t, addrs["plain"], 0)
	endServing(t, cmd)
	logged(kept, "msg=shutdown")
}
