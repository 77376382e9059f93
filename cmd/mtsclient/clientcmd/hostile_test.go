package clientcmd

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A liar is a TLS server that answers each verb, or line, with a text. After an answer
// that ends in cut it closes, or resets, the connection.
type liar struct {
	addr, pin string
	hello     string
	answers   map[string]string
	reset     bool

	mu    sync.Mutex
	lines []string // what it was told
}

const cut = "<cut>"

// lie starts a liar. Those verbs that aren't in answers work.
func lie(t *testing.T, hello string, answers map[string]string) *liar {
	config, pin, _ := serverTLS(t)
	ln := listen(t)
	s := &liar{addr: ln.Addr().String(), pin: pin, hello: hello, answers: map[string]string{
		"MODE": "#Mode is BLOCK.\r\n",
		"AUTH": "#You are logged in.\r\n",
		"PART": "![code=unknown-command] Invalid command.\r\n",
		"QUIT": cut,
	}}
	for verb, answer := range answers {
		s.answers[verb] = answer
	}
	var running sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		running.Wait()
	})
	running.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() { s.serve(c, config) })
		}
	})
	return s
}

func (s *liar) serve(raw net.Conn, config *tls.Config) {
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(20 * time.Second))
	c := tls.Server(raw, config)
	io.WriteString(c, s.hello)
	for in := bufio.NewScanner(c); in.Scan(); {
		s.mu.Lock()
		s.lines = append(s.lines, in.Text())
		s.mu.Unlock()
		verb, _, _ := strings.Cut(in.Text(), " ")
		answer, known := s.answers[in.Text()]
		if !known {
			answer = s.answers[verb]
		}
		answer, ends := strings.CutSuffix(answer, cut)
		io.WriteString(c, answer)
		if ends {
			if s.reset {
				raw.(*net.TCPConn).SetLinger(0)
			}
			return
		}
	}
}

func (s *liar) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// run runs the command against the liar.
func (s *liar) run(dir string, args ...string) (code int, stdout, stderr string) {
	usual := []string{"--server", s.addr, "--pin", s.pin, "-o", dir, "--timeout", "300ms", "--retries", "1"}
	return run(append(usual, args...)...)
}

const ready = "#Server Ready.\r\n"

// Whatever a server does, no file is left that looks complete and isn't, the
// exit code tells what happened, and nothing of it reaches the terminal raw.
func TestHostileServer(t *testing.T) {
	const (
		whole = "#[bytes=5 size=5 modify=20260102030405 etag=e] File x sent successfully.\r\n"
		file  = "FILE"
		part  = "PART"
	)
	big := strings.Repeat("x", firstPiece)
	first := fmt.Sprintf("$%d\r\n%s#[bytes=%d size=%d etag=e] x\r\n", len(big), big, len(big), 2*len(big))
	tests := []struct {
		name    string
		hello   string
		answers map[string]string
		args    []string
		code    int
	}{
		{"honest", ready, map[string]string{file: "$5\r\nhello" + whole}, nil, exitOK},
		{"honest part", ready, map[string]string{part: "$5\r\nhello" + whole}, nil, exitOK},
		{"no greeting", "", nil, nil, exitConnect},
		{"refusal with escapes", "!\x1b[2JGo away.\r\n", nil, nil, exitConnect},
		{"endless greeting", "#" + strings.Repeat("\x1b", 1<<20), nil, nil, exitConnect},
		{"early reply", ready + "#Mode.\r\n" + whole, nil, nil, exitConnect},
		{"no block mode", ready, map[string]string{"MODE": "!\x1b[2JNo.\r\n"}, nil, exitConnect},
		{"silent login", ready, map[string]string{"AUTH": ""}, nil, exitConnect},
		{"cut at login", ready, map[string]string{"AUTH": cut}, nil, exitConnect},
		{"refused login", ready, map[string]string{"AUTH": "![code=auth-failed] \x1b[2J\r\n"}, nil, exitLogin},
		{"data at login", ready, map[string]string{"AUTH": "$5\r\nhello#OK.\r\n"}, nil, exitConnect},
		{"short and cut", ready, map[string]string{file: "$5\r\nhel" + cut}, nil, exitIntegrity},
		{"block and cut", ready, map[string]string{file: "$5\r\nhello" + cut}, nil, exitIntegrity},
		{"cut", ready, map[string]string{file: cut}, nil, exitIntegrity},
		{"stall", ready, map[string]string{file: "$5\r\nhel"}, nil, exitIntegrity},
		{"silence", ready, map[string]string{file: ""}, nil, exitIntegrity},
		{"shorter than said", ready, map[string]string{file: "$4\r\nhell" + whole}, nil, exitIntegrity},
		{"longer than said", ready, map[string]string{file: "$6\r\nhello!" + whole}, nil, exitIntegrity},
		{"empty", ready, map[string]string{file: whole}, nil, exitIntegrity},
		{"a part of it", ready, map[string]string{file: "$5\r\nhello#[bytes=5 size=9] x\r\n"}, nil, exitIntegrity},
		{"no facts", ready, map[string]string{file: "$5\r\nhello#OK.\r\n"}, nil, exitIntegrity},
		{"negative size", ready, map[string]string{file: "$5\r\nhello#[bytes=5 size=-5] x\r\n"}, nil, exitIntegrity},
		{"huge size", ready, map[string]string{part: "$5\r\nhello#[bytes=5 size=99999999999999999999] x\r\n"}, nil, exitIntegrity},
		{"huge size of a part", ready, map[string]string{part: "$5\r\nhello#[bytes=5 size=9223372036854775807 etag=e] x\r\n"}, nil, exitIntegrity},
		{"negative block", ready, map[string]string{file: "$-5\r\n"}, nil, exitIntegrity},
		{"huge block", ready, map[string]string{file: "$16777217\r\n"}, nil, exitIntegrity},
		{"endless line", ready, map[string]string{file: "#" + strings.Repeat("x", 1<<20)}, nil, exitIntegrity},
		{"more than asked for", ready, map[string]string{part: fmt.Sprintf("$%d\r\nx", firstPiece+1)}, nil, exitIntegrity},
		{"pieces without a version", ready, map[string]string{part: strings.ReplaceAll(first, " etag=e", ""), file: cut}, nil, exitIntegrity},
		{"missing, with escapes", ready, map[string]string{file: "![code=not-found] \x1b[2J\r\n"}, nil, exitSome},
		{"refused, with escapes", ready, map[string]string{file: "![code=\x1b busy=%1b] \x1b[2J\u202e\u009b\r\n"}, nil, exitSome},
		{"always changed", ready, map[string]string{file: "$5\r\nhello![code=changed] Sorry.\r\n"}, nil, exitIntegrity},
		{"changing", ready, map[string]string{
			part: first, part + " 1048576 1048576 dir/x": strings.ReplaceAll(first, "etag=e", "etag=f"), file: "$5\r\nhello" + whole,
		}, nil, exitOK},
		{"no login needed, it said", ready, map[string]string{file: "![code=auth-required] No.\r\n"}, nil, exitLogin},
		{"internal error", ready, map[string]string{file: "$5\r\nhello![code=internal] Sorry.\r\n"}, nil, exitSome},
		{"wrong hash", ready, map[string]string{file: "$5\r\nhello" + whole, "HASH": "$66\r\n" + strings.Repeat("0", 64) + " x#OK.\r\n"}, []string{"--verify"}, exitIntegrity},
		{"no hash", ready, map[string]string{file: "$5\r\nhello" + whole, "HASH": "$5\r\nhello#OK.\r\n"}, []string{"--verify"}, exitIntegrity},
		{"cut hash", ready, map[string]string{file: "$5\r\nhello" + whole, "HASH": cut}, []string{"--verify"}, exitIntegrity},
		{"notices with escapes", ready, map[string]string{file: "*\x1b[2J\r\n*\r\n$5\r\nhello" + whole}, nil, exitOK},
		{"endless notices", ready, map[string]string{file: strings.Repeat("*x\r\n", 5000)}, []string{"-q"}, exitIntegrity},
	}
	for _, test := range tests {
		for _, reset := range []bool{false, true} {
			if reset && !strings.HasSuffix(test.answers[file], cut) {
				continue
			}
			t.Run(fmt.Sprint(test.name, reset), func(t *testing.T) {
				t.Parallel()
				s := lie(t, test.hello, test.answers)
				s.reset = reset
				dir := t.TempDir()
				code, out, errs := s.run(dir, append(test.args, "dir/x")...)
				if code != test.code || strings.ContainsAny(out+errs, "\x1b\u202e\u009b") {
					t.Errorf("code %d, stdout %q, stderr %q; want code %d", code, out, errs, test.code)
				}
				content, err := os.ReadFile(filepath.Join(dir, "x"))
				if saved := err == nil; saved != (test.code == exitOK) || saved && string(content) != "hello" {
					t.Errorf("saved %q, %v", content, err)
				}
			})
		}
	}
}

// Nothing that a listing says leads out of the folder.
func TestHostileListing(t *testing.T) {
	entry := func(lines ...string) string {
		data := strings.Join(lines, "\n") + "\n"
		return fmt.Sprintf("$%d\r\n%s#OK.\r\n", len(data), data)
	}
	const whole = "$5\r\nhello#[bytes=5 size=5] File sent.\r\n"
	evil := []string{
		"type=file; ../evil", "type=file; ..", "type=file; .", "type=file; /etc/evil", `type=file; a\evil`,
		"type=file; a/evil", "type=file; .x.part", "type=dir; ..", "type=dir; ../evil",
	}
	tests := []struct {
		name   string
		answer string
		arg    string
		code   int
	}{
		{"names with a path in them", entry(evil...), "dir", exitSome},
		{"names with a path in them, matched", entry(evil...), "dir/*", exitSome},
		{"folders without an end", entry("type=dir; d"), "dir", exitSome},
		{"a folder in itself", entry("type=dir;unique=7; d"), "dir", exitSome},
		{"no facts", entry("hello"), "dir", exitIntegrity},
		{"a negative size", entry("type=file;size=-1; x"), "dir", exitIntegrity},
		{"a control character", entry("type=file; \x1b[2J"), "dir", exitIntegrity},
		{"a cut listing", "$50\r\ntype=file; x\n" + cut, "dir", exitIntegrity},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := lie(t, ready, map[string]string{"LIST": test.answer, "FILE": whole})
			outside := t.TempDir()
			dir := filepath.Join(outside, "a", "b")
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			code, out, errs := s.run(dir, "-r", test.arg)
			if code != test.code || strings.Contains(out, "saved") || strings.Contains(out+errs, "\x1b") {
				t.Errorf("code %d, stdout %q, stderr %q; want code %d", code, out, errs, test.code)
			}
			filepath.WalkDir(outside, func(path string, d os.DirEntry, err error) error {
				if err != nil || !d.IsDir() {
					t.Errorf("%s: %v", path, err)
				}
				return nil
			})
		})
	}
}

// A server that isn't the one expected learns nothing.
func TestChangedServerGetsNoPassword(t *testing.T) {
	s := lie(t, ready, nil)
	_, other, _ := serverTLS(t)
	known := write(t, "known", s.addr+" "+other+"\n")
	for _, trust := range [][]string{{"--known-hosts", known, "--trust"}, {"--pin", other}, {"--known-hosts", known + "none"}} {
		code, _, errs := run(append(trust, "--server", s.addr, "x")...)
		if code != exitTLS || !strings.Contains(errs, s.pin) {
			t.Errorf("%q: code %d, stderr %q", trust, code, errs)
		}
	}
	if told := s.told(); told != "" {
		t.Errorf("the server was told %q", told)
	}
}

// A target that can't be written to ends the file, and no retry follows.
func TestFullTarget(t *testing.T) {
	b := newBench(t)
	b.put("x", "content")
	r, w := io.Pipe()
	r.CloseWithError(fmt.Errorf("disk is full"))
	var errs strings.Builder
	code := Run([]string{"--server", b.addr, "--pin", b.pin, "-o", "-", "x"}, strings.NewReader(""), w, &errs)
	if code != exitSome || !strings.Contains(errs.String(), "disk is full") {
		t.Errorf("code %d, stderr %q", code, errs.String())
	}
}

// What is on stdout can't be taken back: a break ends the file, and is named.
func TestCutStdout(t *testing.T) {
	s := lie(t, ready, map[string]string{"PART": "$9\r\nhello" + cut})
	code, out, errs := s.run("-", "x")
	if code != exitIntegrity || out != "hello" || !strings.Contains(errs, "connection lost") || strings.Contains(errs, "changed") {
		t.Errorf("code %d, stdout %q, stderr %q", code, out, errs)
	}
}
