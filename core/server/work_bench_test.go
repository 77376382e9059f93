package server_test

import (
	"fmt"
	"io"

	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"mts/core/harness"
	"mts/core/wire"
)

// An honest STAT while 60 sessions of other clients have a huge file hashed, the
// same one or each its own.
func BenchmarkStatBesideHashes(b *testing.B) {
	for _, files := range []int{1, 60} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			dir := b.TempDir()
			for i := range files {
				sparse(b, filepath.Join(dir, fmt.Sprint(i)), 1<<40)
			}
			s := newServer(b, dir, nil)
			dial := dialer(b, s, "tcp")
			for i := range 60 {
				enter(b, dial()).send(fmt.Sprint("HASH ", i%files))
			}
			c := enter(b, dial())
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				c.send("STAT 0")
				c.want("type=file;size=*;modify=*;etag=*; 0\n#OK.")
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs/op")
		})
	}
}

// 60 sessions list one large folder at the same time.
func BenchmarkListTogether(b *testing.B) {
	dir := b.TempDir()
	for i := range 100_000 {
		harness.Must(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("file-%06d.txt", i)), nil, 0o600))
	}
	s := newServer(b, dir, nil)
	dial := dialer(b, s, "tcp")
	var clients []*client
	for range 60 {
		clients = append(clients, enter(b, dial(), "MODE BLOCK"))
	}
	base, peak := heap(), int64(0)
	for b.Loop() {
		done := make(chan error)
		for _, c := range clients {
			c.SetDeadline(time.Now().Add(5 * time.Minute))
			c.send("LIST /")
			go func() {
				_, err := wire.NewReplyReader(c.r).ReadReply(io.Discard, 1<<30)
				done <- err
			}()
		}
		for left := len(clients); left > 0; {
			select {
			case err := <-done:
				harness.Must(b, err)
				left--
			case <-time.After(20 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, int64(m.HeapInuse))
			}
		}
	}
	b.ReportMetric(float64(peak-base)/(1<<20), "peak-MiB")
}
