package transport

import (
	"crypto/tls"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"mts/core/wire"
)

// BenchmarkSend sends a file and its status line, by wire.Writer over a Conn
// and, to compare, by a copy with 32 KiB over the same kind of connection.
func BenchmarkSend(b *testing.B) {
	for _, kind := range []string{"tcp", "tls"} {
		for _, size := range []int64{1 << 10, 64 << 10, 64 << 20} {
			name := kind + "/" + strconv.FormatInt(size>>10, 10) + "KiB/"
			b.Run(name+"conn", func(b *testing.B) { benchmarkConn(b, kind, size) })
			b.Run(name+"copy", func(b *testing.B) { benchmarkCopy(b, kind, size) })
		}
	}
}

const sent = "#File a sent successfully.\r\n"

func benchmarkConn(b *testing.B, kind string, size int64) {
	c, client := kinds[kind](b)
	small := map[string]int{"tcp": 8 << 10, "tls": 64 << 10}[kind]
	w := wire.NewWriter(c, small)
	pace := func(n int64) (int64, error) { return min(n, MaxPiece), nil }
	measure(b, client, size, func(f *os.File) error {
		if _, err := w.Send(f, size, pace); err != nil {
			return err
		}
		w.Status(wire.Success, nil, "File a sent successfully.")
		return w.Flush()
	})
}

func benchmarkCopy(b *testing.B, kind string, size int64) {
	server, client := tcpPair(b)
	if kind == "tls" {
		config, err := serverTLS()
		if err != nil {
			b.Fatal(err)
		}
		server = tls.Server(server, config)
		client = tls.Client(client, &tls.Config{InsecureSkipVerify: true})
	}
	buf := make([]byte, 32<<10)
	measure(b, client, size, func(f *os.File) error {
		if _, err := io.CopyBuffer(struct{ io.Writer }{server}, struct{ io.Reader }{f}, buf); err != nil {
			return err
		}
		_, err := io.WriteString(server, sent)
		return err
	})
}

// measure sends a file b.N times to a client that reads all of them.
func measure(b *testing.B, client io.Reader, size int64, send func(*os.File) error) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(random(int(size))); err != nil {
		b.Fatal(err)
	}
	got := make(chan error, 1)
	all := int64(b.N) * (size + int64(len(sent)))
	go func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(client, all), make([]byte, 256<<10))
		got <- err
	}()
	b.SetBytes(size)
	b.ResetTimer()
	for range b.N {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		if err := send(f); err != nil {
			b.Fatal(err)
		}
	}
	if err := <-got; err != nil {
		b.Fatal(err)
	}
}
