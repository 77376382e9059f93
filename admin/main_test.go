package admin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mts/admin"
	"mts/core"
	"mts/core/builtin"
	"mts/core/events"
	"mts/core/exports"
	"mts/core/harness"
	"mts/core/limit"
	"mts/core/server"
	"mts/plugins"
	"mts/plugins/worker"
)

// Arguments that make the test binary another program.
const (
	workerArg   = "plugin-worker"
	strangerArg = "stranger" // dials the socket behind it and copies what it hears
)

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == workerArg:
		os.Exit(worker.Main(os.Stdin, os.Stdout))
	case len(os.Args) == 3 && os.Args[1] == strangerArg:
		dialAsStranger(os.Args[2])
		return
	}
	goleak.VerifyTestMain(m)
}

var must, eventually = harness.Must, harness.Eventually

// A testServer is a server with its plane.
type testServer struct {
	testing.TB
	*server.Server
	*admin.Plane
	limits  *limit.Table
	dir     string // of the exports
	log     *harness.Log
	level   slog.LevelVar
	feed    events.Feed
	stops   chan admin.Stop
	reloads chan string
	release chan struct{} // ends the verb HANG
}

// anyone may log in with the password.
var anyone = harness.Accounts(func(_, password string) bool { return password == "passwd" })

// newTestServer returns a server whose plane is closed when the test ends.
func newTestServer(t testing.TB, change func(*admin.Config)) *testServer {
	t.Helper()
	h := &testServer{
		TB: t, limits: limit.New(limit.Policy{}), dir: t.TempDir(), log: new(harness.Log),
		stops: make(chan admin.Stop, 9), reloads: make(chan string, 9), release: make(chan struct{}),
	}
	tree, err := exports.New(exports.Export{Path: "/", Dir: h.dir})
	must(t, err)
	log := slog.New(h.feed.Handler(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: &h.level})))
	h.Server, err = server.New(server.Config{
		Settings: server.Settings{Exports: tree, Timeouts: server.Timeouts{
			Handshake: time.Minute, Login: time.Minute, Line: time.Minute, Idle: time.Minute, Write: time.Minute,
		}},
		Commands: append(builtin.Commands(), core.Command{Verb: "HANG", Run: func(*core.Call) error {
			<-h.release
			return nil
		}}, core.Command{Verb: "LINGER", Run: func(c *core.Call) error {
			<-c.Context().Done()
			return context.Cause(c.Context())
		}}),
		Auth: anyone, Limits: h.limits, Log: log,
	})
	must(t, err)
	cfg := admin.Config{
		Server: h.Server, Limits: h.limits, Feed: &h.feed, Level: &h.level, Log: log,
		Users: func() []string { return []string{"ann", "bob"} },
		Reload: func(part string) error {
			h.reloads <- part
			if part == "tls" {
				return errors.New("mtsd.toml:3: tls.cert: \x1b[31mbroken")
			}
			return nil
		},
		Stop: func(how admin.Stop) error { h.stops <- how; return nil },
	}
	if change != nil {
		change(&cfg)
	}
	h.Plane = admin.New(cfg)
	t.Cleanup(func() {
		close(h.release)
		h.Plane.Close()
		h.Server.Close()
		tree.Close()
		h.limits.Close()
	})
	return h
}

// client returns a client that reaches the plane by dial.
func (h *testServer) client(dial func(context.Context) (net.Conn, error)) *admin.Client {
	h.Helper()
	c, err := admin.NewClient(h.Context(), dial)
	must(h, err)
	h.Cleanup(func() { c.Close() })
	return c
}

// socket serves the plane on a socket.
func (h *testServer) socket() (path string) {
	h.Helper()
	path = filepath.Join(folder(h), "admin.sock")
	ln, err := admin.Socket{Path: path}.Listen()
	must(h, err)
	h.serve(ln)
	return path
}

func (h *testServer) serve(ln net.Listener) {
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := h.Plane.Serve(ln); err != nil {
			h.Error(err)
		}
	})
	h.Cleanup(func() {
		ln.Close()
		serving.Wait()
	})
}

// folder returns a folder whose name is short enough for a socket.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mts")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// onPipeAndSocket runs a test twice: in-process and over the socket.
func onPipeAndSocket(t *testing.T, change func(*admin.Config), test func(*testing.T, *testServer, *admin.Client)) {
	t.Run("in-process", func(t *testing.T) {
		h := newTestServer(t, change)
		test(t, h, h.client(h.Plane.Dial))
	})
	t.Run("socket", func(t *testing.T) {
		h := newTestServer(t, change)
		path := h.socket()
		c, err := admin.Dial(t.Context(), path)
		must(t, err)
		t.Cleanup(func() { c.Close() })
		test(t, h, c)
	})
}

// A testClient is a client of the server, in block mode.
type testClient struct {
	net.Conn
	t testing.TB
}

// connect starts a session, and logs the user in unless user is "".
func (h *testServer) connect(user string) *testClient {
	h.Helper()
	near, far := net.Pipe()
	h.ServeConn(far, false)
	g := &testClient{near, h}
	h.Cleanup(func() { near.Close() })
	near.SetDeadline(time.Now().Add(30 * time.Second))
	g.expect("#Server Ready.\r\n")
	g.ask("MODE BLOCK", "#Mode is BLOCK.\r\n")
	if user != "" {
		g.ask("USER "+user, "#Password required.\r\n")
		g.ask("AUTH passwd", "#You are logged in.\r\n")
	}
	return g
}

func (g *testClient) ask(line, want string) {
	g.t.Helper()
	fmt.Fprintf(g, "%s\r\n", line)
	g.expect(want)
}

func (g *testClient) expect(want string) {
	g.t.Helper()
	b := make([]byte, len(want))
	if n, err := io.ReadFull(g, b); err != nil || string(b) != want {
		g.t.Fatalf("got %q, %v; want %q", b[:n], err, want)
	}
}

// wantCode checks the code of a failure.
func wantCode(t testing.TB, err error, code core.Code, words ...string) {
	t.Helper()
	var told *core.Error
	if !errors.As(err, &told) || told.Code != code {
		t.Errorf("%v: got %v; want code %s", words, err, code)
		return
	}
	if strings.ContainsAny(told.Text, "\x1b\u009b\n") {
		t.Errorf("%v: the text isn't printable: %q", words, told.Text)
	}
}

// openPlugins opens plugins of the sources, by name.
func openPlugins(t testing.TB, update func([]core.Plugin) error, sources map[string]string) *plugins.Set {
	t.Helper()
	dir := t.TempDir()
	for name, src := range sources {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		must(t, os.WriteFile(filepath.Join(dir, name, name+".go"), []byte(src), 0o600))
	}
	exe, err := os.Executable()
	must(t, err)
	set, err := plugins.Open(plugins.Config{
		Dir: dir, Store: t.TempDir(), Update: update, Log: slog.New(slog.DiscardHandler),
		Command: func() *exec.Cmd { return exec.Command(exe, workerArg) },
	})
	must(t, err)
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Close)
	return set
}

// handshake starts a session that never ends its handshake.
func (h *testServer) handshake() net.Conn {
	near, far := net.Pipe()
	h.ServeConn(far, true)
	return near
}

func dialAsStranger(path string) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		fmt.Print(err)
		return
	}
	fmt.Fprint(conn, "MODE BLOCK\r\nSESSIONS\r\nQUIT\r\n")
	io.Copy(os.Stdout, conn)
}
