package wire

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

// A source is a Source over any reader. It fails the test if the LineReader
// holds a buffer while it waits for a line to begin.
type source struct {
	io.Reader
	t     testing.TB
	lines *LineReader
}

func (s *source) Read(p []byte) (int, error) {
	if s.lines.Empty() {
		s.t.Error("a line is waited for with a buffer")
	}
	return s.Reader.Read(p)
}

func (s *source) ReadPooled(pool *sync.Pool) (*[]byte, int, error) {
	if s.lines.buf != nil {
		s.t.Error("a buffer is held while waiting for a line")
	}
	b := pool.Get().(*[]byte)
	n, err := io.ReadAtLeast(s.Reader, *b, 1)
	if n == 0 {
		pool.Put(b)
		return nil, 0, err
	}
	return b, n, nil
}

func newLines(t testing.TB, r io.Reader) *LineReader {
	s := &source{Reader: r, t: t}
	s.lines = NewLineReader(s)
	return s.lines
}

const tooLong = "<too long>"

// readLines reads to the end and returns the lines and what ended them.
func readLines(r *LineReader) (lines []string, end error) {
	for {
		line, err := r.ReadLine()
		switch {
		case errors.Is(err, ErrLineTooLong):
			line = tooLong
		case err != nil:
			return lines, err
		}
		lines = append(lines, line)
	}
}

func TestReadLine(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, test := range []struct {
		name, in string
		want     []string
		end      error
	}{
		{"crlf", "noop\r\nquit\r\n", []string{"noop", "quit"}, io.EOF},
		{"lf", "noop\nquit\n", []string{"noop", "quit"}, io.EOF},
		{"one CR is dropped", "a\r\r\n\r\n\r\r\n", []string{"a\r", "", "\r"}, io.EOF},
		{"a CR inside stays", "a\rb\n", []string{"a\rb"}, io.EOF},
		{"empty lines", "\n\n", []string{"", ""}, io.EOF},
		{"unfinished at the end", "noop\nqui", []string{"noop"}, io.EOF},
		{"nothing", "", nil, io.EOF},
		{"longest", x(4096) + "\r\n" + x(4096) + "\n", []string{x(4096), x(4096)}, io.EOF},
		{"one more", x(4097) + "\r\nnoop\n", []string{tooLong, "noop"}, io.EOF},
		{"one more, by a CR", x(4096) + "\r\r\nnoop\n", []string{tooLong, "noop"}, io.EOF},
		{"long and hidden", x(4097) + "\nnoop\n" + x(9000) + "\nquit\n", []string{tooLong, "noop", tooLong, "quit"}, io.EOF},
		{"just short of garbage", x(MaxGarbage) + "\nnoop\n", []string{tooLong, "noop"}, io.EOF},
		{"garbage that ends", "noop\n" + x(MaxGarbage+1) + "\nquit\n", []string{"noop"}, ErrGarbage},
		{"garbage without end", "noop\n" + x(MaxGarbage+1), []string{"noop"}, ErrGarbage},
	} {
		t.Run(test.name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"whole":   strings.NewReader(test.in),
				"bytes":   iotest.OneByteReader(strings.NewReader(test.in)),
				"halves":  iotest.HalfReader(strings.NewReader(test.in)),
				"dataerr": iotest.DataErrReader(strings.NewReader(test.in)),
			} {
				got, end := readLines(newLines(t, r))
				if strings.Join(got, "|") != strings.Join(test.want, "|") || !errors.Is(end, test.end) {
					t.Errorf("%s: %.80q, %v; want %.80q, %v", how, got, end, test.want, test.end)
				}
			}
		})
	}
}

// A deadline in the middle of a line costs nothing, not even in the middle of
// one that is too long.
func TestReadLineRetried(t *testing.T) {
	long := strings.Repeat("x", 5000)
	in := []io.Reader{
		strings.NewReader("fi"), strings.NewReader("le a\nno"), strings.NewReader("op\n" + long),
		strings.NewReader(long + "\nquit\n"),
	}
	var parts []io.Reader
	for _, r := range in {
		parts = append(parts, iotest.ErrReader(os.ErrDeadlineExceeded), r)
	}
	r := newLines(t, &queue{parts})
	var got []string
	for deadlines := 0; ; {
		lines, err := readLines(r)
		got = append(got, lines...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			deadlines++
			continue
		}
		if err != io.EOF || deadlines != len(in) {
			t.Fatalf("end: %v after %d deadlines", err, deadlines)
		}
		break
	}
	if want := "file a|noop|" + tooLong + "|quit"; strings.Join(got, "|") != want {
		t.Errorf("got %q; want %q", got, want)
	}
}

// A queue reads from one reader after the other, and gives an error of one once.
type queue struct{ readers []io.Reader }

func (q *queue) Read(p []byte) (int, error) {
	for len(q.readers) > 0 {
		n, err := q.readers[0].Read(p)
		if err != nil {
			q.readers = q.readers[1:]
		}
		if n > 0 || err != io.EOF {
			return n, err
		}
	}
	return 0, io.EOF
}

type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	e.read += len(p)
	return len(p), nil
}

func TestGarbageIsBounded(t *testing.T) {
	in := &endless{}
	r := newLines(t, in)
	if _, err := r.ReadLine(); !errors.Is(err, ErrGarbage) {
		t.Fatalf("got %v; want ErrGarbage", err)
	}
	if in.read > MaxGarbage+lineBuffer {
		t.Errorf("%d bytes were read", in.read)
	}
	if got := cap(*r.buf); got != lineBuffer {
		t.Errorf("the buffer has grown to %d bytes", got)
	}
	if _, err := r.ReadLine(); !errors.Is(err, ErrGarbage) {
		t.Errorf("again: %v; want ErrGarbage", err)
	}
}

func TestLineReaderState(t *testing.T) {
	r := newLines(t, strings.NewReader("\x16a\nquit\nno"))
	if !r.Empty() || r.Ready() || r.First() != 0 {
		t.Error("a new reader isn't empty")
	}
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	if r.Empty() || !r.Ready() || r.First() != 0x16 {
		t.Errorf("after Wait: empty %v, ready %v, first %#x", r.Empty(), r.Ready(), r.First())
	}
	for range 2 {
		if _, err := r.ReadLine(); err != nil {
			t.Fatal(err)
		}
	}
	if r.Empty() || r.Ready() {
		t.Error("half a line counts as none, or as a whole one")
	}
	r.Release()
	if !r.Empty() || r.buf != nil {
		t.Error("Release left something")
	}
}

func TestNoProgress(t *testing.T) {
	r := newLines(t, &queue{[]io.Reader{strings.NewReader("no"), &idle{}}})
	if _, err := r.ReadLine(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("got %v; want io.ErrNoProgress", err)
	}
}

type idle struct{}

func (*idle) Read([]byte) (int, error) { return 0, nil }

func TestSplitLine(t *testing.T) {
	for _, test := range []struct{ line, verb, arg string }{
		{"quit", "QUIT", ""},
		{"file c:\\a b", "FILE", "c:\\a b"},
		{"FiLe  two spaces ", "FILE", " two spaces "},
		{"auth ", "AUTH", ""},
		{"x-2 a", "X-2", "a"},
		{"", "", ""},
		{" noop", "", "noop"},
		{"no\top", "", ""},
		{"n\u00f6op a", "", ""},
		{"noop\x00", "", ""},
		{"\u017fite", "", ""}, // upper case of U+017F is S
	} {
		if verb, arg := SplitLine(test.line); verb != test.verb || arg != test.arg {
			t.Errorf("%q: %q, %q; want %q, %q", test.line, verb, arg, test.verb, test.arg)
		}
	}
}

// The reader agrees with the plain reading of the rules, however the input is
// cut in pieces.
func FuzzReadLine(f *testing.F) {
	f.Add([]byte("noop\r\nfile a\n\nqui"), uint16(1), uint16(0))
	f.Add([]byte("x\r\r\ny\n"), uint16(3), uint16(4096))
	f.Add([]byte("\nnoop\n"), uint16(9000), uint16(65535))
	f.Fuzz(func(t *testing.T, in []byte, chunk, pad uint16) {
		in = append(bytes.Repeat([]byte("x"), int(pad)), in...)
		got, end := readLines(newLines(t, &chunked{in, int(chunk) + 1}))
		want, wantEnd := modelLines(string(in))
		if strings.Join(got, "|") != strings.Join(want, "|") || len(got) != len(want) || !errors.Is(end, wantEnd) {
			t.Errorf("%.80q, %v; want %.80q, %v", got, end, want, wantEnd)
		}
	})
}

type chunked struct {
	in   []byte
	size int
}

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(c.size, len(p))], c.in)
	c.in = c.in[n:]
	return n, nil
}

func modelLines(in string) (lines []string, end error) {
	for {
		line, rest, whole := strings.Cut(in, "\n")
		if len(line) > MaxGarbage {
			return lines, ErrGarbage
		}
		if !whole {
			return lines, io.EOF
		}
		if line = strings.TrimSuffix(line, "\r"); len(line) > MaxLine {
			line = tooLong
		}
		lines = append(lines, line)
		in = rest
	}
}
