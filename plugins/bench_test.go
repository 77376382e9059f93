package plugins

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mts/core"
)

// What a call costs in the server, and what in a plugin.
func BenchmarkCall(b *testing.B) {
	bench := newBench(b, Config{}, map[string]string{"tool": `
import "mts/core"
func Commands() []core.Command { return []core.Command{{Verb: "NOP", Run: func(c *core.Call) error { return nil }}, {Verb: "SAY", Run: func(c *core.Call) error { c.Printf("%s\n", c.Arg()); return nil }}} }`})
	nop := func(*core.Call) error { return nil }
	b.Run("builtin", func(b *testing.B) {
		for b.Loop() {
			if err := nop(core.NewCall(context.Background(), new(client), "")); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, verb := range []string{"NOP", "SAY"} {
		run := bench.verbs[verb].Run
		b.Run(verb+"/plugin-1", func(b *testing.B) {
			for b.Loop() {
				if err := run(core.NewCall(context.Background(), new(client), "x")); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(verb+"/plugin-16", func(b *testing.B) {
			b.SetParallelism(8) // times two processors
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := run(core.NewCall(context.Background(), new(client), "x")); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
	b.ReportMetric(float64(bench.status("tool").Memory)/(1<<20), "MiB/worker")
}

// A sink is a client behind a TCP connection, as the server sends to it.
type sink struct {
	client
	conn net.Conn
}

func (s *sink) Write(p []byte) (int, error)     { return s.conn.Write(p) }
func (s *sink) Send(r io.Reader) (int64, error) { return io.Copy(s.conn, r) }

// How fast a plugin's data reaches a client: a file of the exports sent as it
// is, what the script writes, and what it reads and sends.
func BenchmarkStream(b *testing.B) {
	const size = 1 << 30
	bench := newBench(b, Config{Timeout: time.Minute}, map[string]string{"tool": tool, "big": `
import "mts/core"
func Commands() []core.Command { return []core.Command{{Verb: "BIG", Run: func(c *core.Call) error {
	p := make([]byte, 65536)
	for n := 1 << 30; n > 0; n -= len(p) { if _, err := c.Write(p); err != nil { return err } }
	return nil
}}, {Verb: "COPY", Args: "PATH", Run: func(c *core.Call) error {
	f, err := c.Open(c.Arg())
	if err != nil { return err }
	_, err = c.Send(reader{f})
	return err
}}} }
type reader struct { r interface { Read(p []byte) (int, error) } }
func (r reader) Read(p []byte) (int, error) { return r.r.Read(p) }
`})
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "big"), nil, 0o644); err != nil {
		b.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "big"), size); err != nil {
		b.Fatal(err)
	}
	if _, err := os.ReadFile(filepath.Join(dir, "big")); err != nil { // into the cache
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for name, verb := range map[string]string{"send-file": "CAT", "write": "BIG", "copy": "COPY"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			done := make(chan struct{})
			go func() {
				defer close(done)
				if c, err := l.Accept(); err == nil {
					io.Copy(io.Discard, c)
					c.Close()
				}
			}()
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			h := &sink{conn: conn}
			h.files = os.DirFS(dir)
			for b.Loop() {
				if err := bench.call(b.Context(), h, verb, "/big"); err != nil {
					b.Fatal(describe(err))
				}
			}
			conn.Close()
			<-done
		})
	}
}

// How long it takes until a plugin serves: its worker starts, gives up what it
// doesn't need and loads the script.
func BenchmarkStart(b *testing.B) {
	bench := newBench(b, Config{}, map[string]string{"tool": tool})
	for b.Loop() {
		if err := bench.Load("tool"); err != nil {
			b.Fatal(err)
		}
	}
}
