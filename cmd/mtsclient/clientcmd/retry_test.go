package clientcmd

import (
	"strings"
	"testing"
)

// A kick is final: nothing connects again.
func TestKicked(t *testing.T) {
	const kick = "![code=kicked] Disconnected: \x1b enough.\r\n"
	for name, answers := range map[string]map[string]string{
		"in a reply": {"FILE": "$5\r\nhello" + kick + cut},
		"before":     {"FILE": kick + cut},
		"at a login": {"AUTH": kick + cut},
		"listing":    {"LIST": kick + cut, "STAT": kick + cut},
	} {
		s := lie(t, ready, answers)
		args := []string{"--retries", "9", "-j", "3", "x", "y", "z"}
		if name == "listing" {
			args = append(args, "-r")
		}
		code, out, errs := s.run(t.TempDir(), args...)
		if code == 0 || strings.Contains(out, "saved") || !strings.Contains(errs, "enough.") || !strings.Contains(errs, "operator") {
			t.Errorf("%s: code %d, stdout %q, stderr %q", name, code, out, errs)
		}
		if n := strings.Count(s.told(), "AUTH"); n > 3 {
			t.Errorf("%s: %d logins", name, n)
		}
	}
}

// A server that is away for longer than a few retries is survived, but not one that
// never was there.
func TestServerComesBack(t *testing.T) {
	b := newBench(t)
	content := random(3 << 20)
	b.put("big", content)
	p := newProxy(t, b.addr, func(n int) int64 {
		switch {
		case n == 1:
			return 2 << 20
		case n < 6:
			return 0
		}
		return -1
	})
	code, _, errs := run("--server", p.addr, "--pin", b.pin, "-o", b.saved, "-v", "big")
	if code != 0 || !strings.Contains(errs, "trying again") {
		t.Errorf("code %d, stderr %q", code, errs)
	}
	b.holds(map[string]string{"big": content})
	p = newProxy(t, b.addr, func(n int) int64 { return map[bool]int64{true: 2 << 20}[n == 1] })
	code, _, errs = run("--server", p.addr, "--pin", b.pin, "-o", b.saved, "--force", "--retry-for", "0", "big")
	if code != exitIntegrity || p.connections.Load() != 1 {
		t.Errorf("--retry-for 0: code %d, stderr %q, %d connections", code, errs, p.connections.Load())
	}
}

// A notice is shown once, however many connections get it.
func TestSlowedDown(t *testing.T) {
	const text = "Slowed down: 200 commands a second."
	s := lie(t, ready, map[string]string{"FILE": "*" + text + "\r\n" + fileReply})
	code, _, errs := s.run(t.TempDir(), "-j", "3", "a", "b", "c")
	if code != 0 || errs != "* "+text+"\n" {
		t.Errorf("code %d, stderr %q", code, errs)
	}
}
