package server_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mts/certs"
	"mts/core/builtin"
	"mts/core/exports"
	"mts/core/harness"
	"mts/core/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A vault has the account "default" alone.
type vault struct{ harness.Accounts }

func (vault) Has(name string) bool { return name == "default" }

var patience = server.Timeouts{
	Handshake: 5 * time.Second,
	Login:     30 * time.Second,
	Line:      10 * time.Second,
	Idle:      10 * time.Minute,
	Write:     30 * time.Second,
}

// newServer returns a server of the folder dir, as "/" and as "c:", that is
// closed when the test ends.
func newServer(t testing.TB, dir string, change func(*server.Config)) *server.Server {
	t.Helper()
	tree, err := exports.New(exports.Export{Path: "/", Dir: dir}, exports.Export{Path: "c:", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	cfg := server.Config{
		Settings: server.Settings{
			Exports:  tree,
			TLS:      serverTLS(t),
			StartTLS: true,
			Timeouts: patience,
		},
		Commands: builtin.Commands(),
		Auth:     vault{harness.OnlyDefault("passwd")},
		Log:      slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		tree.Close()
	})
	return s
}

func serverTLS(t testing.TB) *tls.Config {
	t.Helper()
	cert, key, err := certs.Make(time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"mts/1"}}
}

// listen serves s on a loopback port and returns how to dial it.
func listen(t testing.TB, s *server.Server, secure bool) func() net.Conn {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve, dial := s.Serve, func() (net.Conn, error) { return net.Dial("tcp", ln.Addr().String()) }
	if secure {
		serve = s.ServeTLS
		dial = func() (net.Conn, error) {
			c, err := net.Dial("tcp", ln.Addr().String())
			return overTLS(c), err
		}
	}
	go serve(ln)
	return func() net.Conn {
		t.Helper()
		c, err := dial()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(20 * time.Second))
		return c
	}
}

// seedFiles makes the files that the transcripts fetch.
func seedFiles(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	when := time.Date(2002, 3, 4, 5, 6, 7, 0, time.UTC)
	for name, content := range map[string]string{"config.sys": "", "setup.log": "line one\n#not a reply\n"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Every transcript holds over a pipe, over TCP and over TLS.
func TestTranscripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	dir := seedFiles(t)
	s := newServer(t, dir, nil)
	overAll(t, s, func(t *testing.T, dial func() net.Conn) {
		for _, script := range scripts {
			t.Run(filepath.Base(script), func(t *testing.T) {
				c := dial()
				if _, secure := c.(*tls.Conn); strings.Contains(script, "plain-") && secure || strings.Contains(script, "tls-") && !secure {
					return // not of this transport
				}
				c.SetDeadline(time.Now().Add(20 * time.Second))
				play(t, c, script, dir)
			})
		}
	})
}

// play replays a transcript: "C:" lines are sent, "S:" lines and the bytes of
// "F:" files have to come. Lines hold Go escapes where the name of the script
// isn't seed.txt, and "*" stands for any word.
func play(t *testing.T, c net.Conn, script, dir string) {
	t.Helper()
	defer c.Close()
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		where := fmt.Sprintf("%s:%d", script, i+1)
		if filepath.Base(script) != "seed.txt" {
			line = unquote(t, line)
		}
		switch mark, rest, _ := strings.Cut(line, ": "); mark {
		case "C", "C:":
			io.WriteString(c, rest+"\r\n")
		case "S":
			for part := range strings.SplitSeq(rest+"\r\n", "S: ") {
				expect(t, r, where, part)
			}
		case "F":
			content, err := os.ReadFile(filepath.Join(dir, rest))
			if err != nil {
				t.Fatal(err)
			}
			expect(t, r, where, string(content))
		case "EOF":
			if b, err := r.ReadByte(); err != io.EOF {
				t.Fatalf("%s: byte %q, %v after quit; want EOF", where, b, err)
			}
		}
	}
}

func unquote(t *testing.T, s string) string {
	t.Helper()
	u, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return u
}

// expect reads exactly want, in which "etag=*" fits any word.
func expect(t testing.TB, r *bufio.Reader, where, want string) {
	t.Helper()
	var got strings.Builder
	for before, rest := want, ""; ; before = rest {
		before, rest, _ = strings.Cut(before, "*")
		b := make([]byte, len(before))
		n, err := io.ReadFull(r, b)
		got.Write(b[:n])
		if err != nil || string(b) != before {
			t.Fatalf("%s: got %q, %v; want %q", where, got.String(), err, want)
		}
		if rest == "" {
			return
		}
		word, err := r.ReadString(rest[0])
		if err != nil {
			t.Fatalf("%s: got %q, %v; want %q", where, word, err, want)
		}
		r.UnreadByte()
	}
}
