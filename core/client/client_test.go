package client_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mts/certs"
	"mts/core"
	"mts/core/builtin"
	"mts/core/client"
	"mts/core/exports"
	"mts/core/harness"
	"mts/core/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start serves the folder dir over TLS until stop is called.
func start(dir string) (url, pin string, stop func(), err error) {
	tree, err := exports.New(exports.Export{Path: "/", Dir: dir})
	if err != nil {
		return "", "", nil, err
	}
	cert, key, err := certs.Make(time.Now(), nil)
	if err != nil {
		return "", "", nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return "", "", nil, err
	}
	s, err := server.New(server.Config{
		Settings: server.Settings{
			Exports:  tree,
			TLS:      &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"mts/1"}},
			Timeouts: server.Timeouts{Handshake: time.Minute, Login: time.Minute, Line: time.Minute, Idle: time.Minute, Write: time.Minute},
		},
		Commands: builtin.Commands(),
		Auth:     harness.OnlyDefault("secret"),
		Log:      slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return "", "", nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", nil, err
	}
	go s.ServeTLS(ln)
	stop = func() {
		s.Close()
		ln.Close()
		tree.Close()
	}
	return "mts://" + ln.Addr().String(), certs.Pin(pair.Leaf), stop, nil
}

// serve serves the folder dir over TLS until the test ends.
func serve(t testing.TB, dir string) (url, pin string) {
	t.Helper()
	url, pin, stop, err := start(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return url, pin
}

// dial returns a connection that is logged in to a server of dir.
func dial(t testing.TB, dir string) *client.Conn {
	t.Helper()
	url, pin := serve(t, dir)
	c, err := client.Dial(t.Context(), url, client.Options{Pins: []string{pin}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(t.Context(), "", "secret"); err != nil {
		t.Fatal(err)
	}
	return c
}

func put(t testing.TB, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func code(err error) core.Code {
	var told *core.Error
	if errors.As(err, &told) {
		return told.Code
	}
	return ""
}

func TestVerbs(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	put(t, dir, "a b", "hello, world")
	put(t, dir, "empty", "")
	os.Mkdir(filepath.Join(dir, "sub"), 0o700)
	c := dial(t, dir)

	var b bytes.Buffer
	info, err := c.Fetch(ctx, "a b", &b)
	if err != nil || b.String() != "hello, world" || info.Size != 12 || info.ETag == "" || info.Modified.IsZero() {
		t.Errorf("Fetch: %q, %+v, %v", b.String(), info, err)
	}
	b.Reset()
	part, err := c.FetchPart(ctx, "a b", 7, 99, &b)
	if err != nil || b.String() != "world" || part != info {
		t.Errorf("FetchPart: %q, %+v, %v", b.String(), part, err)
	}
	if _, err := c.FetchPart(ctx, "a b", 13, 1, &b); code(err) != core.CodeRange {
		t.Errorf("FetchPart behind the end: %v", err)
	}
	stat, err := c.Stat(ctx, "a b")
	if info.Name = "a b"; err != nil || stat != info {
		t.Errorf("Stat: %+v, %v; want %+v", stat, err, info)
	}
	if sum, err := c.Hash(ctx, "a b"); err != nil || sum != "09ca7e4eaa6e8ae9c7d261167129184883644d07dfba7cbfbc4c8a2e08360d5b" {
		t.Errorf("Hash: %q, %v", sum, err)
	}
	var names []string
	for entry, err := range c.List(ctx, "/") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, entry.Name)
		if _, err := c.Stat(ctx, entry.Name); err != nil {
			t.Errorf("Stat within List: %v", err)
		}
	}
	if got := strings.Join(names, ","); got != "a b,empty,sub" {
		t.Errorf("List: %s", got)
	}
	if reply, err := c.Do(ctx, "noop", io.Discard); err != nil || reply.Text != "OK." {
		t.Errorf("Do: %+v, %v", reply, err)
	}
}

// A refusal has its code and leaves the connection usable.
func TestRefusals(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	url, pin := serve(t, dir)
	c, err := client.Dial(ctx, url, client.Options{Pins: []string{pin}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Stat(ctx, "/"); code(err) != core.CodeAuthRequired {
		t.Errorf("Stat before login: %v", err)
	}
	if err := c.Login(ctx, "eve", "secret"); !errors.Is(err, client.ErrLogin) || code(err) != core.CodeAuthFailed {
		t.Errorf("Login as eve: %v", err)
	}
	if err := c.Login(ctx, "default", "secret"); err != nil {
		t.Errorf("Login: %v", err)
	}
	for _, line := range []string{"", "MODE STREAM", "quit", "starttls", "FILE a\nQUIT", "FILE " + strings.Repeat("x", 5000)} {
		if _, err := c.Do(ctx, line, io.Discard); !errors.Is(err, client.ErrLine) {
			t.Errorf("Do(%.20q): %v, want ErrLine", line, err)
		}
	}
	for _, err := range c.List(ctx, "nowhere") {
		if code(err) != core.CodeNotFound {
			t.Errorf("List: %v", err)
		}
	}
	if err := c.Err(); err != nil {
		t.Error(err)
	}
}

// Each of many callers gets its own reply.
func TestConcurrentCallers(t *testing.T) {
	dir := t.TempDir()
	for i := range 20 {
		put(t, dir, fmt.Sprint(i), strings.Repeat(fmt.Sprintln(i), 1+i*i*100))
	}
	c := dial(t, dir)
	var callers sync.WaitGroup
	for i := range 20 {
		callers.Go(func() {
			want := strings.Repeat(fmt.Sprintln(i), 1+i*i*100)
			for range 20 {
				var b strings.Builder
				if _, err := c.Fetch(t.Context(), fmt.Sprint(i), &b); err != nil || b.String() != want {
					t.Errorf("file %d: %d bytes, %v; want %d", i, b.Len(), err, len(want))
					return
				}
				if _, err := c.Fetch(t.Context(), "none", &b); code(err) != core.CodeNotFound {
					t.Errorf("no file: %v", err)
					return
				}
			}
		})
	}
	callers.Wait()
}

// A context that ends takes the connection with it only if its command has
// been sent.
func TestContext(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "big", strings.Repeat("x", 64<<20))
	c := dial(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := c.Fetch(ctx, "big", writerFunc(func(p []byte) (int, error) {
		cancel()
		<-ctx.Done()
		return len(p), nil
	}))
	if !errors.Is(err, context.Canceled) || !errors.Is(err, client.ErrLost) {
		t.Errorf("canceled in its reply: %v", err)
	}
	if _, err := c.Stat(t.Context(), "big"); !errors.Is(err, client.ErrLost) {
		t.Errorf("the call after: %v, want ErrLost", err)
	}
	c = dial(t, dir)
	if _, err := c.Stat(ctx, "big"); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled before: %v", err)
	}
	if _, err := c.Stat(t.Context(), "big"); err != nil {
		t.Errorf("the call after: %v", err)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestWriterFails(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "f", "content")
	c := dial(t, dir)
	full := errors.New("disk is full")
	_, err := c.Fetch(t.Context(), "f", writerFunc(func(p []byte) (int, error) { return 0, full }))
	if !errors.Is(err, full) || !errors.Is(c.Err(), client.ErrLost) {
		t.Errorf("Fetch: %v; then %v", err, c.Err())
	}
}

func TestClose(t *testing.T) {
	c := dial(t, t.TempDir())
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error("again:", err)
	}
	if _, err := c.Stat(t.Context(), "/"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Stat: %v", err)
	}
}
