package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"mts/core/server"
)

// Who is connected when the server retires can do what it came for, and so can
// a connection that is accepted late; who is silent for a second has to leave.
func TestRetire(t *testing.T) {
	dir := t.TempDir()
	content := writeFile(t, dir, "big", 4<<20)
	inBubble(t, dir, nil, func(t *testing.T, s *server.Server) {
		fresh := greet(t, pipe(t, s))
		silent := enter(t, pipe(t, s))
		busy := enter(t, pipe(t, s))
		busy.send("FILE big", "NOOP")
		synctest.Wait()
		done := within(30*time.Second, s.Retire)
		synctest.Wait()
		late := greet(t, pipe(t, s))
		time.Sleep(900 * time.Millisecond)
		fresh.send("NOOP", "QUIT")
		fresh.wantEnd("#OK.\r\n")
		late.send("QUIT")
		late.wantEnd("")
		silent.lasts(100*time.Millisecond, "!Server is shutting down.\r\n")
		rest, err := io.ReadAll(busy.r)
		want := append(content, "#File big sent successfully.\r\n#OK.\r\n!Server is shutting down.\r\n"...)
		if err != nil || !bytes.Equal(rest, want) {
			t.Errorf("the transfer brought %d bytes, %v; want %d", len(rest), err, len(want))
		}
		if err := <-done; err != nil {
			t.Errorf("retire: %v", err)
		}
	})
}

// The time to retire ends for a client that never rests.
func TestRetireCuts(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "big", 4<<20)
	inBubble(t, dir, nil, func(t *testing.T, s *server.Server) {
		stalled := enter(t, pipe(t, s))
		stalled.send("FILE big")
		synctest.Wait()
		if err := <-within(5*time.Second, s.Retire); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("retire: %v; want its context's error", err)
		}
		stalled.wantCut()
	})
}
