//go:build unix

package cmd_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The filter of examples/fail2ban finds who was refused in what the server
// logs, whatever it sent, and nobody else.
func TestFail2ban(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("fail2ban-regex"); err != nil {
		t.Skip("fail2ban isn't installed")
	}
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			log, ips := variants(refusals(t, format))
			for mode, each := range map[string]int{"normal": len(hostileUsers), "aggressive": len(hostileUsers) + 2} {
				var want []string
				for _, ip := range ips {
					want = append(want, slices.Repeat([]string{ip}, each)...)
				}
				if got := banned(t, log, mode); !slices.Equal(got, want) {
					t.Errorf("%s: found %q, want %q in\n%s", mode, got, want, log)
				}
			}
		})
	}
}

// variants returns a log with its lines as they are if other clients are
// refused the same, and in the journal and syslog too; and the addresses of
// those clients.
func variants(log string) (all string, ips []string) {
	var lines strings.Builder
	for _, prefix := range []string{"", "host mtsd[12]: ", "Nov 25 07:55:01 host mtsd[12]: "} {
		for _, client := range []struct{ from, addr, ip string }{
			{"127.0.0.1", "127.0.0.1", "127.0.0.1"},
			{"127.0.0.1", "198.51.100.7", "198.51.100.7"},
			{"[::1]", "[::1]", "::1"},
			{"[::1]", "[2001:db8::9]", "2001:db8::9"},
			{"[::1]", "[::ffff:198.51.100.8]", "198.51.100.8"},
			{"[::1]", "[fe80::1%eth0]", "fe80::1"},
		} {
			for line := range strings.Lines(log) {
				if strings.Contains(line, client.from+":") {
					lines.WriteString(prefix + strings.ReplaceAll(line, client.from+":", client.addr+":"))
				}
			}
			ips = append(ips, client.ip)
		}
	}
	return lines.String(), ips
}

// refusals returns the log of a server that had to refuse things of all kinds,
// from 127.0.0.1 and ::1.
func refusals(t *testing.T, format string) string {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	conf := fmt.Sprintf("[log]\nfile = %q\nformat = %q\n", path, format)
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		cmd, addrs := serving(t, nil, conf, "--listen", host+":0", "--plain", host+":0", t.TempDir())
		for _, user := range hostileUsers {
			send(t, addrs["plain"], "USER "+user+"\r\nAUTH wrong\r\nQUIT\r\n")
		}
		send(t, addrs["plain"], "GET /?reason=password&remote=1.2.3.4:1 HTTP/1.0\r\n\r\n")
		send(t, addrs["tls"], "reason=password remote=1.2.3.4:1\r\n\r\n")
		endServing(t, cmd)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// hostileUsers would like somebody else to be banned.
var hostileUsers = []string{
	`x remote=1.2.3.4:1`,
	`" remote=1.2.3.4:1 reason=password x="`,
	`\" msg=refused remote=1.2.3.4:1 reason=password`,
	`","remote":"1.2.3.4:1","reason":"password"}`,
}

// send sends text and reads until the connection ends.
func send(t *testing.T, addr, text string) {
	t.Helper()
	c := dial(t, addr)
	defer c.Close()
	io.WriteString(c, text)
	io.Copy(io.Discard, c)
}

// banned returns what fail2ban finds in a log.
func banned(t *testing.T, log, mode string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	filter, err := filepath.Abs("../examples/fail2ban/filter.d/mtsd.conf")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("fail2ban-regex", "--out", "ip", path, filter+"[mode="+mode+"]").Output()
	if err != nil {
		t.Fatalf("fail2ban-regex: %v\n%s", err, out)
	}
	return strings.Fields(string(out))
}
