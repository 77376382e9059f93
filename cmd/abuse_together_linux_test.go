package cmd_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mts/core/harness"
)

var abuseTime = flag.Duration("abuse", 3*time.Second, "how long TestAbuseTogether attacks the server")

// All that hostile clients do to a server with the usual limits, at once, for as
// long as one likes, while an honest client fetches a small file over and over:
//
//	go test ./cmd -run AbuseTogether -v -timeout 30m -args -abuse 10m
func TestAbuseTogether(t *testing.T) {
	t.Parallel()
	v := newDoorVictim(t)
	makeSparse(t, filepath.Join(v.dir, "sparse"))
	hello := clientHello(t)
	hash := "USER ann\r\nAUTH " + v.token + "\r\nHASH sparse\r\n"
	attacks := []struct {
		name, kind string
		run        func(c net.Conn)
	}{
		{"guesses", "plain", func(c net.Conn) { io.WriteString(c, strings.Repeat("AUTH guess\r\n", 40)); readAll(c) }},
		{"guesses and leaves", "plain", func(c net.Conn) { io.WriteString(c, "AUTH guess\r\n"); c.(*net.TCPConn).SetLinger(0) }},
		{"a replayed ClientHello", "tls", func(c net.Conn) { c.Write(hello); readAll(c) }},
		{"connects and leaves", "plain", func(net.Conn) {}},
		{"HTTP", "plain", func(c net.Conn) { io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); readAll(c) }},
		{"a line without end", "plain", func(c net.Conn) { io.CopyN(c, endless{'x'}, 8<<20) }},
		{"hashes 1 TiB and leaves", "plain", func(c net.Conn) {
			io.WriteString(c, hash)
			time.Sleep(50 * time.Millisecond)
			c.(*net.TCPConn).SetLinger(0)
		}},
	}
	base := v.cost()
	h := v.honest(t)
	ctx, cancel := context.WithTimeout(t.Context(), *abuseTime)
	defer cancel()
	counts := make([]atomic.Int64, len(attacks))
	var attacking sync.WaitGroup
	for i, attack := range attacks {
		for n := range 4 {
			attacking.Go(func() {
				from := fmt.Sprintf("127.0.%d.%d", 40+i, n+1)
				for ctx.Err() == nil {
					v.assail(from, attack.kind, func(c net.Conn) {
						c.SetDeadline(time.Now().Add(2 * time.Second)) // answers are held back
						attack.run(c)
					})
					counts[i].Add(1)
				}
			})
		}
	}
	attacking.Wait()
	during := v.cost()
	h.end()
	for i := range attacks {
		t.Logf("%-24s %8d connections", attacks[i].name, counts[i].Load())
	}
	t.Logf("%d files of the honest client: p99 %.2f ms, slowest %.2f ms; %+d KiB", h.served, h.p99().Seconds()*1e3, h.slowest.Seconds()*1e3, during.memory-base.memory)
	if grown := during.memory - base.memory; grown > 64<<10 {
		t.Errorf("%d KiB of memory more", grown)
	}
	harness.Eventually(t, "descriptors and goroutines to be given back", func() bool {
		now := v.cost()
		return now.descriptors <= base.descriptors+1 && now.goroutines <= base.goroutines+3
	})
	v.survived()
}

// assail does once what an attacker does.
func (v *victim) assail(from, kind string, run func(c net.Conn)) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("tcp", v.addrs[kind])
	if err != nil {
		return
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(limit))
	run(c)
}

// makeSparse makes a file of 1 TiB that takes no space, or a smaller one where the
// file system has a limit.
func makeSparse(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	harness.Must(t, err)
	defer f.Close()
	if f.Truncate(1<<40) != nil {
		harness.Must(t, f.Truncate(1<<34))
	}
}
