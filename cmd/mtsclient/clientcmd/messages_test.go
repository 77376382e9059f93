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
)

// cutter accepts TCP connections and cuts them, as a server does with an address
// that it has banned.
func cutter(t *testing.T) (addr string) {
	ln := listen(t)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}()
	return ln.Addr().String()
}

// refusing greets each connection with a refusal.
func refusing(t *testing.T, line string) string { return "mts+plain://" + talk(t, line+"\r\n") }

// Every message says what happened, to what, and what to do. None shows a password.
func TestMessages(t *testing.T) {
	b := newBench(t)
	b.put("folder/x", "content")
	b.put("x", "content")
	here := filepath.Join(b.saved, "x")
	if err := os.WriteFile(here, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := serve(t, b.served, nil)
	closed := listen(t)
	closed.Close()
	login := func(answer string) []string {
		s := lie(t, ready, map[string]string{"AUTH": answer, "USER": "#Password required.\r\n"})
		return []string{"--timeout", "2s", "--server", s.addr, "--pin", s.pin, "x"}
	}
	ours := func(args ...string) []string { return append([]string{"--server", b.addr, "--pin", b.pin}, args...) }
	server := func(url string) []string { return []string{"--server", url, "--timeout", "2s", "--retries", "0", "x"} }
	tests := []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"no server", []string{"--server", "", "x"}, exitUsage, []string{"--server", "MTS_SERVER"}},
		{"no files", ours(), exitUsage, []string{"no files", "--help"}},
		{"unknown flag", ours("--recursiv", "x"), exitUsage, []string{"--recursiv"}},
		{"a password in the URL", server("mts://ann:secret@host"), exitUsage, []string{"account", "--user ann"}},
		{"an account in the URL", server("mts://ann@host"), exitUsage, []string{"mts://host", "--user ann"}},
		{"an account without a scheme", server("ann:secret@host"), exitUsage, []string{"account"}},
		{"another scheme", server("https://host"), exitUsage, []string{"https://host", "mts://"}},
		{"a port too large", server("mts://host:65536"), exitUsage, []string{"65536", "65535"}},
		{"a port that is none", server("host:x"), exitUsage, []string{`"x"`, "65535"}},
		{"as scp writes it", server("host:/pub/x"), exitUsage, []string{"--server host /pub/x"}},
		{"a path in the URL", server("mts://host/pub/x"), exitUsage, []string{"--server mts://host /pub/x"}},
		{"--starttls for TLS", append(server("mts://host"), "--starttls"), exitUsage, []string{"--starttls", "mts+plain://"}},
		{"a pin without TLS", append(server("mts+plain://host"), "--pin", b.pin), exitUsage, []string{"--pin", "TLS"}},
		{"a bad pin", ours("--pin", "sha256:x", "x"), exitUsage, []string{"--pin"}},
		{"no authorities", ours("--ca", here, "x"), exitUsage, []string{"--ca", here}},
		{"cert without key", ours("--cert", "c", "x"), exitUsage, []string{"--cert", "--key"}},
		{"-O with two", ours("-O", "o", "x", "y"), exitUsage, []string{"--output-file", "--output"}},
		{"-u to stdout", ours("-u", "-o", "-", "x"), exitUsage, []string{"--update"}},
		{"--delete alone", ours("--delete", "x"), exitUsage, []string{"--recursive", "--update"}},
		{"-i from nowhere", ours("-i", "/nowhere/list"), exitUsage, []string{"--input", "/nowhere/list"}},
		{"refused", server(closed.Addr().String()), exitConnect, []string{closed.Addr().String(), "refused", "mtsd running", "6870"}},
		{"no such host", server("mts.invalid"), exitConnect, []string{"mts.invalid", "--server"}},
		{"banned, in the clear", server(refusing(t, "!Try again later.")), exitConnect, []string{"banned for a while"}},
		{"banned, over TLS", server(cutter(t)), exitConnect, []string{"may be banned"}},
		{"full", server(refusing(t, "!Too many connections.")), exitConnect, []string{"--parallel"}},
		{"TLS at a plain port", server(plain), exitTLS, []string{"doesn't speak TLS", "mts+plain://", "mts+starttls://"}},
		{"plain at a TLS port", server("mts+plain://" + b.addr), exitConnect, []string{"mts://"}},
		{"an unknown server", server(b.addr), exitTLS, []string{b.pin, "--pin", "--trust"}},
		{"a password refused", login("![code=auth-failed] Bad password.\r\n"), exitLogin, []string{"account default", "--user"}},
		{"a password refused, with --user", append(login("![code=auth-failed] Bad password.\r\n"), "--user", "ann"), exitLogin, []string{"account ann"}},
		{"an account banned", append(login("![code=banned] Try again later.\r\n"), "--user", "ann"), exitLogin, []string{"account ann", "banned for a while"}},
		{"login is busy", login("![code=busy] Busy.\r\n"), exitLogin, []string{"try again"}},
		{"TLS is required", login("![code=tls-required] No.\r\n"), exitLogin, []string{"mts+starttls://"}},
		{"kicked lately", login("![code=kicked] Disconnected: go.\r\n"), exitLogin, []string{"go.", "operator"}},
		{"a folder without -r", ours("folder"), exitSome, []string{"folder", "-r"}},
		{"there already", ours("x"), exitSome, []string{"x", "--force", "-u"}},
		{"no name", ours("-r", ".."), exitSome, []string{".."}},
		{"a verb that isn't there", ours("-x", "NOSUCH"), exitSome, []string{"Invalid command"}},
		{"a line that can't be sent", ours("-x", "QUIT"), exitUsage, []string{"--exec", "QUIT"}},
		{"a bad proxy", append(server(b.addr), "--known-hosts", "proxy"), exitUsage, []string{"ALL_PROXY", "socks5://"}},
		{"no help on it", []string{"help", "me"}, exitUsage, []string{"commands"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("ALL_PROXY", map[bool]string{true: "ann:secret"}[strings.HasSuffix(test.name, "proxy")])
			t.Setenv("NO_PROXY", "")
			args := test.args
			if args[0] != "help" && !strings.Contains(strings.Join(args, " "), "-o") && !strings.Contains(test.name, "-O") {
				args = append(args, "-o", b.saved)
			}
			code, out, errs := run(args...)
			if code != test.code || code != 0 && strings.Count(errs, "\n") != 1 {
				t.Errorf("code %d, stdout %q, stderr %q; want code %d and one line", code, out, errs, test.code)
			}
			for _, part := range test.says {
				if !strings.Contains(errs, part) {
					t.Errorf("%q isn't said in %q", part, errs)
				}
			}
			if strings.Contains(errs, "secret") {
				t.Errorf("a password is shown: %q", errs)
			}
		})
	}
}

// A TLS port that is none is refused before a password is asked for.
func TestNoPasswordBeforeUsage(t *testing.T) {
	newBench(t)
	t.Setenv("MTS_PASSWORD", "")
	for _, url := range []string{"https://host", "mts://host:65536", "host:/x"} {
		if code, _, errs := run("--server", url, "x"); code != exitUsage || strings.Contains(errs, "no password") {
			t.Errorf("%s: code %d, stderr %q", url, code, errs)
		}
	}
}

// STARTTLS is demanded: without it nothing else is sent.
func TestStartTLS(t *testing.T) {
	b := newBench(t)
	b.put("x", "content")
	config, pin, _ := serverTLS(t)
	ln := listen(t)
	told := make(chan string, 10)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go upgrade(c, config, b.addr, told)
		}
	}()
	addr := ln.Addr().String()
	for _, args := range [][]string{{"--server", "mts+starttls://" + addr}, {"--server", addr, "--starttls"}, {"--server", "mts+plain://" + addr, "--starttls"}} {
		code, _, errs := run(append(args, "--pin", pin, "-o", b.saved, "--force", "x")...)
		if code != 0 || errs != "" {
			t.Errorf("%q: code %d, stderr %q", args, code, errs)
		}
		if first := <-told; first != "STARTTLS\r\n" {
			t.Errorf("%q: it was told %q", args, first)
		}
	}
	b.holds(map[string]string{"x": "content"})
	for _, refusal := range []string{"![code=unknown-command] Invalid command.\r\n", "#Ready to start TLS.\r\n#More.\r\n"} {
		addr := talk(t, ready+refusal)
		code, _, errs := run("--server", "mts+starttls://"+addr, "--pin", pin, "x")
		if code != exitTLS || errs == "" {
			t.Errorf("%q: code %d, stderr %q", refusal, code, errs)
		}
	}
}

// upgrade greets, starts TLS, and passes what comes then on to a TLS server, without its
// greeting.
func upgrade(c net.Conn, config *tls.Config, to string, told chan<- string) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(c, ready)
	line := make([]byte, len("STARTTLS\r\n"))
	io.ReadFull(c, line)
	told <- string(line)
	io.WriteString(c, "#Ready to start TLS.\r\n")
	far, err := tls.Dial("tcp", to, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer far.Close()
	io.ReadFull(far, make([]byte, len(ready)))
	near := tls.Server(c, config)
	go func() {
		io.Copy(far, near)
		far.Close()
	}()
	io.Copy(near, far)
}
