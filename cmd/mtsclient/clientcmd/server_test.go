package clientcmd

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"mts/certs"
	"mts/core/builtin"
	"mts/core/exports"
	"mts/core/harness"
	"mts/core/server"
)

func TestMain(m *testing.M) {
	testscript.Main(leakless{m}, map[string]func(){
		"mtsclient": func() { os.Exit(Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// leakless runs tests and fails them for a goroutine that is left.
type leakless struct{ m *testing.M }

func (l leakless) Run() int {
	os.Setenv("MTS_PASSWORD", "secret")
	os.Unsetenv("MTS_PASSWORD_FILE")
	code := l.m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// serverTLS returns the configuration of a server that has just been set up,
// its pin, and its certificate in PEM.
func serverTLS(t testing.TB) (config *tls.Config, pin string, pem []byte) {
	t.Helper()
	cert, key, err := certs.Make(time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"mts/1"}}, certs.Pin(pair.Leaf), cert
}

// listen opens a loopback port that is closed when the test ends.
func listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

// serve serves the folder dir, as "/" and as "c:", until the test ends.
func serve(t testing.TB, dir string, config *tls.Config) (addr string) {
	t.Helper()
	tree, err := exports.New(exports.Export{Path: "/", Dir: dir}, exports.Export{Path: "c:", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Config{
		Settings: server.Settings{
			Exports:  tree,
			TLS:      config,
			Timeouts: server.Timeouts{Handshake: time.Minute, Login: time.Minute, Line: time.Minute, Idle: time.Minute, Write: time.Minute},
		},
		Commands: builtin.Commands(),
		Auth:     harness.OnlyDefault("secret"),
		Log:      slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		tree.Close()
	})
	ln := listen(t)
	run := s.ServeTLS
	if config == nil {
		run = s.Serve
	}
	go run(ln)
	return ln.Addr().String()
}

// A bench is a folder being served over TLS and a client's empty folder.
type bench struct {
	t       testing.TB
	served  string
	saved   string
	addr    string
	pin     string
	pem     []byte
	asUsual []string // flags that name the server and the folder
}

func newBench(t testing.TB) *bench {
	t.Helper()
	t.Setenv("MTS_PASSWORD", "secret")
	for _, name := range []string{"MTS_SERVER", "MTS_USER", "MTS_PASSWORD_FILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	b := &bench{t: t, served: t.TempDir(), saved: t.TempDir()}
	config, pin, pem := serverTLS(t)
	b.addr, b.pin, b.pem = serve(t, b.served, config), pin, pem
	b.asUsual = []string{"--server", b.addr, "--pin", b.pin, "-o", b.saved}
	return b
}

// put makes a file on the server.
func (b *bench) put(name, content string) {
	b.t.Helper()
	path := filepath.Join(b.served, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// run runs the command with the usual flags and args.
func (b *bench) run(args ...string) (code int, stdout, stderr string) {
	return run(append(b.asUsual, args...)...)
}

func run(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = Run(args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// holds fails the test unless the client's folder has just these files.
func (b *bench) holds(want map[string]string) {
	b.t.Helper()
	got := make(map[string]string)
	err := filepath.WalkDir(b.saved, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(b.saved, path)
		got[filepath.ToSlash(name)] = string(content)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	for name, content := range want {
		if have, ok := got[name]; !ok || have != content {
			b.t.Errorf("%s: saved %v, %d bytes; want %d", name, ok, len(have), len(content))
		}
		delete(got, name)
	}
	for name := range got {
		b.t.Errorf("%s was left in the folder", name)
	}
}

func sha(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
