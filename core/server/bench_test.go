package server_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// One FILE is one operation, over a connection that is logged in; x16 has 16
// of them under way.
func BenchmarkFile(b *testing.B) {
	dir := b.TempDir()
	s := newServer(b, dir, nil)
	for _, file := range []struct {
		name string
		size int
	}{{"1KiB", 1 << 10}, {"16KiB", 16 << 10}, {"1MiB", 1 << 20}} {
		writeFile(b, dir, file.name, file.size)
		for _, transport := range []string{"tcp", "tls"} {
			for _, depth := range []int{1, 16} {
				b.Run(fmt.Sprintf("%s/%s/x%d", file.name, transport, depth), func(b *testing.B) {
					c := enter(b, dialer(b, s, transport)())
					benchmarkFile(b, c, file.name, file.size, depth)
				})
			}
		}
	}
}

func benchmarkFile(b *testing.B, c *client, name string, size, depth int) {
	command := "FILE " + name + "\r\n"
	commands := strings.Repeat(command, depth)
	reply := int64(size + len("#File  sent successfully.\r\n") + len(name))
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for left := b.N; left > 0; left -= depth {
		n := min(left, depth)
		io.WriteString(c, commands[:n*len(command)])
		if _, err := io.CopyN(io.Discard, c.r, int64(n)*reply); err != nil {
			b.Fatal(err)
		}
	}
}
