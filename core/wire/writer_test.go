package wire

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// A sink records what it is given, and fails when it is told to.
type sink struct {
	bytes.Buffer
	writes  []int   // sizes
	pieces  []int64 // sizes given to ReadFrom
	flushes int
	err     error // of Write and ReadFrom
	flush   error // of Flush
}

func (s *sink) Write(p []byte) (int, error) {
	s.writes = append(s.writes, len(p))
	if s.err != nil {
		return 0, s.err
	}
	return s.Buffer.Write(p)
}

func (s *sink) ReadFrom(r io.Reader) (int64, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.Buffer.ReadFrom(r)
	s.pieces = append(s.pieces, n)
	return n, err
}

func (s *sink) Flush() error {
	s.flushes++
	return s.flush
}

const small = 64 << 10

func newWriter(block bool) (*Writer, *sink) {
	s := &sink{}
	w := NewWriter(s, small)
	w.SetBlock(block)
	return w, s
}

// free is the pace of a transfer without limits.
func free(n int64) (int64, error) { return n, nil }

func zeros(n int64) io.Reader { return io.LimitReader(&endless{}, n) }

func TestStream(t *testing.T) {
	w, s := newWriter(false)
	w.Status(Success, []Fact{{"a", "1"}}, "Server\r\nReady.")
	io.WriteString(w, "line one\n#not a reply\n")
	w.Send(strings.NewReader("abcdef"), 3, free)
	if w.Sent() != 25 {
		t.Errorf("Sent is %d; want 25", w.Sent())
	}
	w.Status(Failure, nil, "No.")
	if w.Sent() != 0 {
		t.Errorf("Sent is %d behind the status line", w.Sent())
	}
	w.Status(Notice, nil, "Hear.")
	if s.Len() > 0 {
		t.Errorf("%q was sent before Flush", s.String())
	}
	if err := w.Flush(); err != nil || s.flushes != 1 {
		t.Errorf("Flush: %v, passed on %d times", err, s.flushes)
	}
	want := "#Server\\r\\nReady.\r\nline one\n#not a reply\nabc!No.\r\n*Hear.\r\n"
	if s.String() != want {
		t.Errorf("got %q; want %q", s.String(), want)
	}
}

func TestBlock(t *testing.T) {
	w, s := newWriter(true)
	w.Status(Success, nil, "Mode is BLOCK.")
	io.WriteString(w, "")
	w.Send(strings.NewReader(""), 0, free)
	w.Status(Success, []Fact{{"bytes", "0"}}, "Empty.")
	io.WriteString(w, "a")
	io.WriteString(w, "bc")
	w.Flush()
	io.WriteString(w, "d")
	w.Send(strings.NewReader("efg"), 3, free)
	io.WriteString(w, "h")
	w.Status(Failure, []Fact{{"code", "internal"}}, "[a=b] No.")
	w.Status(Success, nil, "[a=b] Yes.")
	w.Status(Success, nil, "[info] Yes.")
	w.Flush()
	want := "#Mode is BLOCK.\r\n#[bytes=0] Empty.\r\n" +
		"$3\r\nabc$1\r\nd$3\r\nefg$1\r\nh![code=internal] [a=b] No.\r\n# [a=b] Yes.\r\n#[info] Yes.\r\n"
	if s.String() != want {
		t.Errorf("got %q; want %q", s.String(), want)
	}
}

// A reply leaves in one write, and so do pipelined ones.
func TestOneWrite(t *testing.T) {
	for _, block := range []bool{false, true} {
		for _, test := range []struct{ size, replies int }{{1, 1}, {1 << 10, 10}, {small, 1}} {
			w, s := newWriter(block)
			for range test.replies {
				w.Send(zeros(int64(test.size)), int64(test.size), free)
				w.Status(Success, nil, "File a sent successfully.")
			}
			w.Flush()
			if len(s.writes) != 1 || len(s.pieces) != 0 {
				t.Errorf("block %v, %d files of %d bytes: writes %d, pieces %d", block, test.replies, test.size, s.writes, s.pieces)
			}
			w.Flush()
			if w.buf != nil || len(s.writes) != 1 {
				t.Error("after Flush a buffer is held, or written again")
			}
		}
	}
}

// A large file is announced in blocks as large as the connection is fast.
func TestBlockSizes(t *testing.T) {
	for _, test := range []struct {
		size   int64
		blocks []int64
	}{
		{1, []int64{1}},
		{small, []int64{small}},
		{small + 1, []int64{small + 1}},
		{firstBlock + 1, []int64{firstBlock, 1}},
		{3*MaxBlock + 1, []int64{firstBlock, 4 * firstBlock, 16 * firstBlock, MaxBlock, MaxBlock, MaxBlock + 1 - 21*firstBlock}},
	} {
		synctest.Test(t, func(t *testing.T) { // where nothing takes any time
			w, s := newWriter(true)
			if n, err := w.Send(zeros(test.size), test.size, free); n != test.size || err != nil {
				t.Fatalf("Send: %d, %v", n, err)
			}
			w.Status(Success, nil, "OK.")
			w.Flush()
			if got := blocks(t, s); !slices.Equal(got, test.blocks) {
				t.Errorf("%d bytes: blocks of %d; want %d", test.size, got, test.blocks)
			}
		})
	}
}

// Within half a second, there is an end of a block.
func TestBlocksFollowTheSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for rate, want := range map[int64]int64{40e3: minBlock, 2e6: firstBlock, 100e6: MaxBlock} {
			w, s := newWriter(true)
			size := min(40*rate, 96<<20)
			w.Send(zeros(size), size, func(n int64) (int64, error) {
				n = min(n, 16<<10)
				time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
				return n, nil
			})
			w.Status(Success, nil, "OK.")
			w.Flush()
			got := blocks(t, s)
			if typical := got[len(got)/2]; typical != want {
				t.Errorf("at %d bytes a second blocks have %d bytes, want %d", rate, typical, want)
			}
		}
	})
}

// blocks reads one reply and returns the sizes of its blocks.
func blocks(t *testing.T, in io.Reader) (sizes []int64) {
	t.Helper()
	r := NewReplyReader(in)
	for {
		n, _, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return sizes
		}
		sizes = append(sizes, n)
		if _, err := io.CopyN(io.Discard, r.Body(), n); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteBlocks(t *testing.T) {
	w, s := newWriter(true)
	w.Write(bytes.Repeat([]byte("x"), 3*bufferSize))
	io.WriteString(w, "y")
	w.Status(Success, nil, "OK.")
	w.Flush()
	if got := blocks(t, s); !slices.Equal(got, []int64{bufferSize, bufferSize, bufferSize, 1}) {
		t.Errorf("blocks of %d", got)
	}
}

// Wherever in the buffer a block begins, it is read back; and if it fails, it
// leaves nothing.
func TestBufferEdge(t *testing.T) {
	end := bufferSize + maxHeader + spare
	for left := range 40 {
		for _, source := range []string{"xy", "x"} {
			w, s := newWriter(true)
			w.Write(bytes.Repeat([]byte("d"), bufferSize))
			w.Status(Success, nil, strings.Repeat("s", end-left-len("$65536\r\n#\r\n")-bufferSize))
			if w.buf != nil && len(*w.buf) != end-left {
				t.Fatalf("%d bytes wait; want %d", len(*w.buf), end-left)
			}
			n, err := w.Send(strings.NewReader(source), 2, free)
			if short := len(source) < 2; short != errors.Is(err, ErrShort) || short != (n == 0) {
				t.Errorf("Send of %q: %d, %v", source, n, err)
			}
			w.Status(Success, nil, "OK.")
			w.Flush()
			r := NewReplyReader(s)
			var first, second strings.Builder
			_, err = r.ReadReply(&first, MaxBlock)
			reply, err2 := r.ReadReply(&second, MaxBlock)
			if err != nil || err2 != nil || first.Len() != bufferSize || second.Len() != int(n) || reply.Text != "OK." {
				t.Errorf("%d bytes left, %q: %v, %v, %d and %d bytes, %+v", left, source, err, err2, first.Len(), second.Len(), reply)
			}
		}
	}
}

func TestShortSource(t *testing.T) {
	failure := errors.New("disk")
	for _, test := range []struct {
		name  string
		block bool
		has   int64
		err   error // of the source behind what it has
		size  int64
		want  error
		torn  bool
	}{
		{"small stream", false, 9, io.EOF, 10, ErrShort, false},
		{"small block", true, 9, io.EOF, 10, ErrShort, false},
		{"small, empty", true, 0, io.EOF, 10, ErrShort, false},
		{"small, failing", true, 9, failure, 10, failure, false},
		{"large stream", false, small, io.EOF, 2 * small, ErrShort, true},
		{"large stream, failing", false, small, failure, 2 * small, failure, true},
		{"large stream, nothing sent", false, 0, failure, 2 * small, failure, false},
		{"large block", true, small, io.EOF, 2 * small, ErrShort, true},
		{"large block, announced", true, 0, failure, 2 * small, failure, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, s := newWriter(test.block)
			r := io.MultiReader(zeros(test.has), iotest.ErrReader(test.err))
			if _, err := w.Send(r, test.size, free); !errors.Is(err, test.want) {
				t.Errorf("Send: %v; want %v", err, test.want)
			}
			before := s.Len()
			checkEnd(t, w, s, before, test.torn)
		})
	}
}

// checkEnd tries to go on after a failed Send.
func checkEnd(t *testing.T, w *Writer, s *sink, before int, torn bool) {
	t.Helper()
	_, writeErr := w.Write(nil)
	_, sendErr := w.Send(strings.NewReader("x"), 0, free)
	statusErr := w.Status(Failure, nil, "No.")
	flushErr := w.Flush()
	for _, err := range []error{writeErr, sendErr, statusErr, flushErr} {
		if torn != errors.Is(err, ErrTorn) || !torn && err != nil {
			t.Errorf("torn %v: later calls return %v", torn, err)
		}
	}
	after := "!No.\r\n"
	if torn {
		after = ""
	}
	if got := s.String()[before:]; got != after {
		t.Errorf("torn %v: %q follows; want %q", torn, got, after)
	}
	if w.buf != nil {
		t.Error("a buffer is held")
	}
}

func TestPace(t *testing.T) {
	stop := errors.New("kicked")
	for _, test := range []struct {
		name  string
		block bool
		size  int64
		after int // calls that pass
		torn  bool
	}{
		{"small, before", true, 100, 0, false},
		{"small, in the middle", true, 100, 1, false},
		{"large stream, before", false, 2 * small, 0, false},
		{"large stream, in the middle", false, 2 * small, 1, true},
		{"large block, before", true, 2 * small, 0, false},
		{"large block, in the middle", true, 2 * small, 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, s := newWriter(test.block)
			calls := 0
			n, err := w.Send(zeros(test.size), test.size, func(int64) (int64, error) {
				if calls++; calls > test.after {
					return 0, stop
				}
				return 50, nil
			})
			if !errors.Is(err, stop) || n > 50 {
				t.Errorf("Send: %d, %v", n, err)
			}
			checkEnd(t, w, s, s.Len(), test.torn)
		})
	}
}

// A large source goes out in the pieces that pace allows.
func TestPieces(t *testing.T) {
	w, s := newWriter(true)
	n, err := w.Send(zeros(small+1), small+1, func(n int64) (int64, error) { return min(n, 40<<10), nil })
	if n != small+1 || err != nil || w.Sent() != small+1 {
		t.Errorf("Send: %d, %v; Sent %d", n, err, w.Sent())
	}
	if !slices.Equal(s.pieces, []int64{40 << 10, small + 1 - 40<<10}) {
		t.Errorf("pieces of %d", s.pieces)
	}
}

func TestSinkError(t *testing.T) {
	gone := errors.New("gone")
	w, s := newWriter(true)
	s.err = gone
	w.Status(Success, nil, "OK.")
	w.Flush()
	s.err = nil
	if _, err := w.Write([]byte("x")); !errors.Is(err, gone) {
		t.Errorf("Write: %v", err)
	}
	if _, err := w.Send(zeros(2*small), 2*small, free); !errors.Is(err, gone) {
		t.Errorf("Send: %v", err)
	}
	if err := w.Status(Success, nil, "OK."); !errors.Is(err, gone) {
		t.Errorf("Status: %v", err)
	}
	if err := w.Flush(); !errors.Is(err, gone) || s.Len() > 0 || len(s.pieces) > 0 || w.buf != nil {
		t.Errorf("Flush: %v; %q, pieces %d, buffer %v", err, s.String(), s.pieces, w.buf)
	}
}

func TestFlushError(t *testing.T) {
	gone := errors.New("gone")
	w, s := newWriter(false)
	s.flush = gone
	if err := w.Flush(); !errors.Is(err, gone) {
		t.Errorf("Flush: %v", err)
	}
	if err := w.Status(Success, nil, "OK."); !errors.Is(err, gone) {
		t.Errorf("Status: %v", err)
	}
}

// A fact's name and a text can't make a line of their own.
func TestStatusIsOneLine(t *testing.T) {
	w, s := newWriter(true)
	w.Status(Success, []Fact{{"a\r\n#b", "c\r\n#d"}}, "e\r\n#f\x1b")
	w.Flush()
	if got := s.String(); strings.Count(got, "\n") != 1 || strings.Count(got, "\r") != 1 || strings.Contains(got, "\x1b") {
		t.Errorf("got %q", got)
	}
}
