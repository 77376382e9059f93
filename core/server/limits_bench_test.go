package server_test

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"mts/core/limit"
	"mts/core/server"
	"mts/core/wire"
)

// BenchmarkLimitsOutOfReach fetches a large file with limits that are never
// reached, and without any, in turns. It reports the ratio of their speeds.
func BenchmarkLimitsOutOfReach(b *testing.B) {
	dir := b.TempDir()
	writeFile(b, dir, "big", 64<<20)
	for _, transport := range []string{"tcp", "tls"} {
		b.Run(transport, func(b *testing.B) {
			var took [2]time.Duration
			var clients [2]*client
			for i, rate := range []int64{0, 1 << 40} {
				s := newServer(b, dir, func(c *server.Config) {
					c.Limits = limit.New(limit.Policy{Client: limit.Allowance{Bytes: rate, Commands: int(rate)}, Total: rate})
				})
				clients[i] = enter(b, dialer(b, s, transport)(), "MODE BLOCK")
			}
			for b.Loop() {
				for i, c := range clients {
					start := time.Now()
					c.send("FILE big")
					if _, err := wire.NewReplyReader(c.r).ReadReply(io.Discard, 1<<30); err != nil {
						b.Fatal(err)
					}
					took[i] += time.Since(start)
				}
			}
			b.ReportMetric(float64(took[0])/float64(took[1]), "limited/unlimited")
			b.SetBytes(128 << 20)
		})
	}
}

// BenchmarkByteRate holds four sessions of one client to a rate together, for
// ten seconds of real time. It reports what they got of it, and how much the
// least served one got of its share.
func BenchmarkByteRate(b *testing.B) {
	dir := b.TempDir()
	writeFile(b, dir, "big", 1<<30)
	for _, rate := range []int64{1e6, 100e6} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			s := newServer(b, dir, func(c *server.Config) {
				c.Limits = limit.New(limit.Policy{Client: limit.Allowance{Bytes: rate}})
			})
			dial := dialer(b, s, "tls")
			for b.Loop() {
				got := fetchFor(b, 10*time.Second, dial, 4)
				var sum int64
				least := got[0]
				for _, n := range got {
					sum, least = sum+n, min(least, n)
				}
				b.ReportMetric(float64(sum)/float64(10*rate), "of-rate")
				b.ReportMetric(float64(least)/float64(sum)*4, "least-share")
			}
		})
	}
}

// fetchFor has n sessions fetch a large file for that long, from the moment on
// when all of them do, and returns how many bytes each got.
func fetchFor(b *testing.B, d time.Duration, dial func() net.Conn, n int) []int64 {
	got := make([]int64, n)
	var running, started sync.WaitGroup
	started.Add(n)
	for i := range n {
		c := enter(b, dial())
		c.SetDeadline(time.Time{})
		c.send("FILE big")
		running.Go(func() {
			io.CopyN(io.Discard, c.r, 64<<10)
			started.Done()
			started.Wait()
			c.SetReadDeadline(time.Now().Add(d))
			got[i], _ = io.Copy(io.Discard, c.r)
			c.Close()
		})
	}
	running.Wait()
	return got
}
