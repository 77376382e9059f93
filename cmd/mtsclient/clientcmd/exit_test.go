package clientcmd

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mts/certs"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsage(t *testing.T) {
	b := newBench(t)
	for _, args := range [][]string{
		{},
		{"x"},
		{"--server", "", "x"},
		{"--server", b.addr},
		{"--server", b.addr, "--no-such-flag", "x"},
		{"--server", b.addr, "--timeout", "0s", "x"},
		{"--server", b.addr, "--timeout", "soon", "x"},
		{"--server", b.addr, "--timeout", "0", "x"},
		{"--server", b.addr, "--timeout", "1.2.3", "x"},
		{"--server", b.addr, "--cert", "x", "x"},
		{"--server", b.addr, "--pin", "sha256:short", "x"},
		{"--server", b.addr, "--ca", filepath.Join(b.saved, "none"), "x"},
		{"--server", b.addr, "--ca", write(t, "ca", "nothing"), "x"},
		{"--server", b.addr, "-o", filepath.Join(write(t, "file", ""), "none"), "x"},
		{"--server", b.addr, "--exec", "NOOP", "x"},
		{"--server", b.addr, "--pin", b.pin, "-x", "MODE STREAM"},
		{"--server", b.addr, ""},
		{"--server", "http://" + b.addr, "x"},
		{"--server", "mts://" + b.addr + "/path", "x"},
	} {
		code, out, errs := run(args...)
		if code != exitUsage || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: code %d, stdout %q, stderr %q; want 2 and one line", args, code, out, errs)
		}
	}
}

func TestHelpFitsTheScreen(t *testing.T) {
	code, out, errs := run("--help")
	if code != 0 || errs != "" {
		t.Fatal(code, errs)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) > 24 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if len([]rune(line)) > 80 {
			t.Errorf("%d wide: %s", len([]rune(line)), line)
		}
	}
}

func TestConnectErrors(t *testing.T) {
	newBench(t)
	closed := listen(t)
	closed.Close()
	silent := listen(t) // accepts in the backlog and never answers
	full := talk(t, "!Too many connections.\r\n")
	for name, server := range map[string]string{
		"refused":          closed.Addr().String(),
		"no such host":     "mts.invalid",
		"silent":           silent.Addr().String(),
		"silent and plain": "mts+plain://" + silent.Addr().String(),
		"full":             "mts+plain://" + full,
	} {
		code, out, errs := run("--server", server, "--timeout", "200ms", "x")
		if code != exitConnect || out != "" || errs == "" {
			t.Errorf("%s: code %d, stdout %q, stderr %q; want 3", name, code, out, errs)
		}
	}
}

// talk serves connections that get a text, whatever they say.
func talk(t *testing.T, text string) (addr string) {
	t.Helper()
	ln := listen(t)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(20 * time.Second))
				io.WriteString(c, text)
				c.(*net.TCPConn).CloseWrite()
				io.Copy(io.Discard, c)
			}()
		}
	}()
	return ln.Addr().String()
}

func TestPlainServerOnTLSPort(t *testing.T) {
	b := newBench(t)
	for name, addr := range map[string]string{
		"ours":   serve(t, b.served, nil),
		"other":  talk(t, "220 ftp\r\n"),
		"closed": talk(t, ""),
	} {
		code, out, errs := run("--server", addr, "x")
		if code != exitTLS || out != "" || errs == "" {
			t.Errorf("%s: code %d, stdout %q, stderr %q; want 4", name, code, out, errs)
		}
	}
}

func TestPlain(t *testing.T) {
	b := newBench(t)
	b.put("x", "plain")
	addr := serve(t, b.served, nil)
	if code, _, errs := run("--server", "mts+plain://"+addr, "-o", b.saved, "x"); code != 0 {
		t.Fatal(code, errs)
	}
	b.holds(map[string]string{"x": "plain"})
}

func TestTrust(t *testing.T) {
	b := newBench(t)
	b.put("x", "1")
	_, otherPin, otherPEM := serverTLS(t)
	known := filepath.Join(t.TempDir(), "new", "known_hosts")
	steps := []struct {
		name string
		args []string
		code int
		says []string // on stderr
	}{
		{"wrong pin", []string{"--pin", otherPin}, exitTLS, []string{b.pin, otherPin}},
		{"right pin", []string{"--pin", b.pin}, 0, nil},
		{"wrong authority", []string{"--ca", write(t, "ca", string(otherPEM))}, exitTLS, nil},
		{"right authority", []string{"--ca", write(t, "ca", string(b.pem))}, 0, nil},
		{"pin before authority", []string{"--pin", b.pin, "--ca", write(t, "ca", string(otherPEM))}, 0, nil},
		{"unknown", []string{"--known-hosts", known}, exitTLS, []string{b.pin, "--pin", "--trust"}},
		{"still unknown", []string{"--known-hosts", known}, exitTLS, []string{b.pin}},
		{"trusted once", []string{"--known-hosts", known, "--trust"}, 0, nil},
		{"known", []string{"--known-hosts", known}, 0, nil},
		{"changed", []string{"--known-hosts", write(t, "k", b.addr+" "+otherPin+"\n"), "--trust"}, exitTLS, []string{b.pin, otherPin}},
		{"one of several", []string{"--known-hosts", write(t, "k", b.addr+" "+otherPin+"\n"+b.addr+" "+b.pin+"\n")}, 0, nil},
		{"broken line", []string{"--known-hosts", write(t, "k", b.addr+" sha256:x\n"), "--trust"}, exitTLS, nil},
		{"others known", []string{"--known-hosts", write(t, "k", "# mine\n\nother:6870 x\n"+b.addr+"  "+b.pin)}, 0, nil},
	}
	for _, s := range steps {
		code, out, errs := run(append(s.args, "--server", "mts://"+b.addr, "-o", b.saved, "--force", "x")...)
		if code != s.code || (code == 0) != (out == "x has been saved.\n") {
			t.Errorf("%s: code %d, stdout %q, stderr %q; want code %d", s.name, code, out, errs, s.code)
		}
		for _, part := range s.says {
			if !strings.Contains(errs, part) {
				t.Errorf("%s: %q isn't said in %q", s.name, part, errs)
			}
		}
	}
	content, err := os.ReadFile(known)
	if want := b.addr + " " + b.pin + "\n"; err != nil || string(content) != want {
		t.Errorf("known hosts %q, %v; want %q", content, err, want)
	}
	if fi, err := os.Stat(known); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("known hosts have mode %v, %v", fi.Mode(), err)
	}
	if _, err := certs.ParsePin(b.pin); err != nil {
		t.Error(err)
	}
}

// A key that the server doesn't prove to have is never known.
func TestStolenCertificate(t *testing.T) {
	newBench(t)
	config, _, _ := serverTLS(t)
	other, pin, _ := serverTLS(t)
	config.Certificates[0].Certificate = other.Certificates[0].Certificate
	ln := listen(t)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				tls.Server(c, config).Handshake()
			}()
		}
	}()
	known := filepath.Join(t.TempDir(), "known")
	for _, trust := range [][]string{{"--trust", "--known-hosts", known}, {"--pin", pin}} {
		code, _, errs := run(append(trust, "--server", ln.Addr().String(), "x")...)
		if code != exitTLS || errs == "" {
			t.Errorf("%q: code %d, stderr %q", trust, code, errs)
		}
	}
	if data, err := os.ReadFile(known); err == nil {
		t.Errorf("known hosts: %q", data)
	}
}

func TestPassword(t *testing.T) {
	b := newBench(t)
	b.put("x", "1")
	tests := []struct {
		name string
		env  map[string]string
		args []string
		code int
	}{
		{"environment", map[string]string{"MTS_PASSWORD": "secret"}, nil, 0},
		{"wrong", map[string]string{"MTS_PASSWORD": "wrong"}, nil, exitLogin},
		{"with a line break", map[string]string{"MTS_PASSWORD": "se\ncret"}, nil, exitLogin},
		{"none, no terminal", map[string]string{"MTS_PASSWORD": ""}, nil, exitLogin},
		{"file first", map[string]string{"MTS_PASSWORD_FILE": write(t, "p", "secret\r\nmore\n"), "MTS_PASSWORD": "wrong"}, nil, 0},
		{"empty file", map[string]string{"MTS_PASSWORD_FILE": write(t, "p", "\n")}, nil, exitLogin},
		{"no file", map[string]string{"MTS_PASSWORD_FILE": "/nowhere/p"}, nil, exitLogin},
		{"user", map[string]string{"MTS_USER": "default"}, nil, 0},
		{"other user", map[string]string{"MTS_USER": "default"}, []string{"--user", "eve"}, exitLogin},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("MTS_SERVER", b.addr)
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			code, _, errs := run(append(test.args, "--pin", b.pin, "-o", b.saved, "--force", "x")...)
			if code != test.code || strings.Contains(errs, "secret") {
				t.Errorf("code %d, stderr %q; want code %d", code, errs, test.code)
			}
		})
	}
}
