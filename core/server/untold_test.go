package server_test

import (
	"testing"
	"testing/synctest"
	"time"

	"mts/core/harness"
	"mts/core/server"
)

// A client that couldn't be told why its session was ended is told at its next
// login, once, and only within a minute.
func TestToldAtTheNextLogin(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "big", 40<<20)
	const kickedLine = "!Disconnected: enough"
	for _, test := range []struct {
		name string
		end  func(t *testing.T, s *server.Server, id uint64)
		wait time.Duration
		want string
	}{
		{"kicked", func(t *testing.T, s *server.Server, id uint64) { kicked(t, s, id, "enough") }, 0, kickedLine},
		{"kicked, a minute later", func(t *testing.T, s *server.Server, id uint64) { kicked(t, s, id, "enough") }, 61 * time.Second, ""},
		{"aborted", func(t *testing.T, s *server.Server, id uint64) { harness.Must(t, s.Abort(id)) }, 0, "!Disconnected: an operator has aborted the transfer."},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, dir, nil, func(t *testing.T, s *server.Server) {
				c := enter(t, pipe(t, s))
				c.send("FILE big")
				c.line() // and no further byte of it
				test.end(t, s, s.Sessions()[0].ID)
				time.Sleep(time.Second)
				synctest.Wait()
				if all := s.Sessions(); len(all) > 0 {
					t.Fatalf("still there: %v", all)
				}
				time.Sleep(test.wait)
				again := greet(t, pipe(t, s))
				if test.want != "" {
					again.send("AUTH passwd", "FILE big")
					again.want(test.want, "!You are not logged in.")
				}
				again.send("AUTH passwd")
				again.want("#You are logged in.")
			})
		})
	}
}

// A client that was told isn't told again.
func TestToldOnce(t *testing.T) {
	inBubble(t, t.TempDir(), nil, func(t *testing.T, s *server.Server) {
		c := enter(t, pipe(t, s))
		kicked(t, s, s.Sessions()[0].ID, "enough")
		c.wantEnd("!Disconnected: enough\r\n")
		time.Sleep(time.Second)
		enter(t, pipe(t, s))
	})
}
