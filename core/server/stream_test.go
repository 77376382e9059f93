package server_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// writeFile makes a file of size bytes that no two tests have alike, and
// returns its content.
func writeFile(t testing.TB, dir, name string, size int) []byte {
	t.Helper()
	content := make([]byte, size)
	rand.NewChaCha8([32]byte([]byte(name + strings.Repeat(".", 32))[:32])).Read(content)
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
	return content
}

// However the bytes of commands arrive, they are the same commands.
func TestSegments(t *testing.T) {
	const (
		input = "NOOP\r\nAUTH passwd\r\nbogus\nFILE setup.log\r\n\r\nMODE BLOCK\nNOOP\nQUIT\r\n"
		want  = "#Server Ready.\r\n#OK.\r\n#You are logged in.\r\n!Invalid command.\r\n" +
			"line one\n#not a reply\n#File setup.log sent successfully.\r\n!Invalid command.\r\n" +
			"#Mode is BLOCK.\r\n#OK.\r\n"
	)
	s := newServer(t, seedFiles(t), nil)
	for name, reader := range map[string]func(io.Reader) io.Reader{
		"one segment": func(r io.Reader) io.Reader { return r },
		"bytes":       iotest.OneByteReader,
		"halves":      iotest.HalfReader,
	} {
		overAll(t, s, func(t *testing.T, dial func() net.Conn) {
			c := dial()
			go io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{reader(strings.NewReader(input))}, nil)
			if got, err := io.ReadAll(c); err != nil || string(got) != want {
				t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
			}
		})
	}
}

// Hundreds of commands in one segment are answered in order.
func TestPipeline(t *testing.T) {
	dir := t.TempDir()
	var input, want bytes.Buffer
	input.WriteString("AUTH passwd\n")
	want.WriteString("#Server Ready.\r\n#You are logged in.\r\n")
	for i := range 100 {
		name := strings.Repeat("x", i+1)
		want.Write(writeFile(t, dir, name, 997*i))
		want.WriteString("#File " + name + " sent successfully.\r\n#OK.\r\n!Invalid command.\r\n")
		input.WriteString("FILE " + name + "\nNOOP\nwhat\n")
	}
	input.WriteString("QUIT\n")
	overAll(t, newServer(t, dir, nil), func(t *testing.T, dial func() net.Conn) {
		c := dial()
		go c.Write(input.Bytes())
		if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("got %d bytes, %v; want %d others", len(got), err, want.Len())
		}
	})
}

// Who says that no more commands come still gets what was asked for.
func TestHalfClose(t *testing.T) {
	dir := t.TempDir()
	want := append(writeFile(t, dir, "big", 20<<20), "#File big sent successfully.\r\n#OK.\r\n"...)
	s := newServer(t, dir, nil)
	for _, transport := range []string{"tcp", "tls"} {
		t.Run(transport, func(t *testing.T) {
			c := enter(t, dialer(t, s, transport)())
			c.send("FILE big", "NOOP")
			io.WriteString(c, "NOOP without an end")
			if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(c.r); err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
			}
		})
	}
}
