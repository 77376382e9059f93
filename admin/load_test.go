package admin_test

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"mts/admin"
)

// connectMany opens n sessions over pipes, which send nothing.
func (h *testServer) connectMany(n int) []net.Conn {
	h.Helper()
	conns := make([]net.Conn, n)
	var entering sync.WaitGroup
	for i := range conns {
		near, far := net.Pipe()
		conns[i] = near
		h.ServeConn(far, false)
		entering.Go(func() {
			b := make([]byte, len("#Server Ready.\r\n"))
			if _, err := io.ReadFull(near, b); err != nil {
				h.Error(err)
			}
		})
	}
	entering.Wait()
	h.Cleanup(func() {
		for _, conn := range conns {
			conn.Close()
		}
	})
	return conns
}

// While other sessions come and go, the list has each of 10,000 lasting sessions
// once and in order. In the end it has only those.
func TestCrowd(t *testing.T) {
	n := 10000
	if testing.Short() {
		n = 1000
	}
	h := newTestServer(t, nil)
	c, err := admin.Dial(t.Context(), h.socket())
	must(t, err)
	defer c.Close()
	h.connectMany(n)
	stop := make(chan struct{})
	var churning sync.WaitGroup
	for range 2 {
		churning.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					near, far := net.Pipe()
					h.ServeConn(far, false)
					io.ReadFull(near, make([]byte, 15))
					near.Close()
				}
			}
		})
	}
	for range 5 {
		all, err := c.Sessions(t.Context())
		must(t, err)
		stayed, last := 0, uint64(0)
		for _, s := range all {
			if s.ID <= last {
				t.Fatalf("session %d comes behind %d", s.ID, last)
			}
			last = s.ID
			if s.ID <= uint64(n) {
				stayed++
			}
		}
		if stayed != n {
			t.Fatalf("%d of %d sessions are listed", stayed, n)
		}
	}
	close(stop)
	churning.Wait()
	eventually(t, "the list agrees", func() bool {
		all, err := c.Sessions(t.Context())
		return err == nil && len(all) == n
	})
	if a, err := c.KickAll(t.Context(), "enough", "all"); err != nil || a.N != n {
		t.Errorf("kicked %d, %v; want %d", a.N, err, n)
	}
	must(t, c.Wait(t.Context(), 30*time.Second, "all"))
}

// One operation is one listing with 10,000 sessions.
func BenchmarkSessions(b *testing.B) {
	h := newTestServer(b, nil)
	c, err := admin.Dial(b.Context(), h.socket())
	must(b, err)
	defer c.Close()
	h.connectMany(10000)
	for name, words := range map[string][]string{"all": {"sessions"}, "none": {"sessions", "user=nobody"}} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				if _, err := do(c, words...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// One operation is a kick of 10,000 sessions, until the last one has ended.
func BenchmarkKickAll(b *testing.B) {
	h := newTestServer(b, nil)
	c, err := admin.Dial(b.Context(), h.socket())
	must(b, err)
	defer c.Close()
	for range b.N {
		b.StopTimer()
		for _, conn := range h.connectMany(10000) {
			go io.Copy(io.Discard, conn)
		}
		b.StartTimer()
		if _, err := c.KickAll(b.Context(), "enough", "all"); err != nil {
			b.Fatal(err)
		}
		must(b, c.Wait(b.Context(), time.Minute, "all"))
	}
}
