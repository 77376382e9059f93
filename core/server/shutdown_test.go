package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"mts/core/server"
)

// within begins to end a server within d, by its Shutdown or Retire, and
// returns where the error comes.
func within(d time.Duration, end func(context.Context) error) <-chan error {
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		done <- end(ctx)
	}()
	return done
}

// Idle sessions are told at once; a transfer ends first, and queued commands
// are not begun.
func TestShutdown(t *testing.T) {
	dir := t.TempDir()
	content := writeFile(t, dir, "big", 4<<20)
	inBubble(t, dir, nil, func(t *testing.T, s *server.Server) {
		idle := enter(t, pipe(t, s))
		blocks := enter(t, pipe(t, s), "MODE BLOCK")
		fresh := greet(t, pipe(t, s))
		busy := enter(t, pipe(t, s))
		busy.send("FILE big", "NOOP")
		synctest.Wait()
		done := within(30*time.Second, s.Shutdown)
		idle.wantEnd("!Server is shutting down.\r\n")
		blocks.wantEnd("![code=shutting-down] Server is shutting down.\r\n")
		fresh.wantEnd("!Server is shutting down.\r\n")
		time.Sleep(20 * time.Second)
		rest, err := io.ReadAll(busy.r)
		want := append(content, "#File big sent successfully.\r\n!Server is shutting down.\r\n"...)
		if err != nil || !bytes.Equal(rest, want) {
			t.Errorf("the transfer brought %d bytes, %v; want %d", len(rest), err, len(want))
		}
		if err := <-done; err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if near, far := net.Pipe(); near != nil {
			s.ServeConn(far, false)
			if n, err := near.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("a connection after the shutdown read %d bytes, %v; want EOF", n, err)
			}
		}
	})
}

// When its time is over, a shutdown doesn't wait: not for a client that
// doesn't read, nor for a handshake, nor for a command without an end.
func TestShutdownCuts(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "big", 4<<20)
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		s := newServer(t, dir, slow(release))
		stalled := enter(t, pipe(t, s))
		stalled.send("FILE big")
		waiting := enter(t, pipe(t, s), "MODE BLOCK")
		waiting.send("QUIET")
		deaf := enter(t, pipe(t, s))
		deaf.send("HANG")
		near, far := net.Pipe()
		s.ServeConn(far, true)
		synctest.Wait()
		start := time.Now()
		done := within(5*time.Second, s.Shutdown)
		if _, err := near.Read(make([]byte, 1)); err != io.EOF || time.Since(start) != 0 {
			t.Errorf("the handshake ended with %v after %v", err, time.Since(start))
		}
		if err := <-done; !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 6*time.Second {
			t.Errorf("shutdown: %v after %v; want its context's error in 5 s", err, time.Since(start))
		}
		stalled.wantCut()
		waiting.wantCut()
		deaf.wantEnd("")
	})
}

func TestServeReturns(t *testing.T) {
	for name, end := range map[string]func(*server.Server){
		"Shutdown": func(s *server.Server) { <-within(time.Minute, s.Shutdown) },
		"Close":    (*server.Server).Close,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, t.TempDir(), nil)
			ends := make(chan error)
			for _, serve := range []func(net.Listener) error{s.Serve, s.Serve, s.ServeTLS} {
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				go func() { ends <- serve(ln) }()
				c, err := net.Dial("tcp", ln.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
			}
			greet(t, dialer(t, s, "pipe")()).Close()
			end(s)
			for range 3 {
				if err := <-ends; !errors.Is(err, server.ErrServerClosed) {
					t.Errorf("served until %v", err)
				}
			}
		})
	}
	t.Run("listener closed", func(t *testing.T) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ln.Close()
		if err := newServer(t, t.TempDir(), nil).Serve(ln); !errors.Is(err, net.ErrClosed) {
			t.Errorf("served until %v", err)
		}
	})
}
