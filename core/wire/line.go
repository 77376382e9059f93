package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"

	"mts/core/names"
)

// Limits of a command line in bytes, without its ending.
const (
	MaxLine    = 4096     // a longer line is answered with a failure
	MaxGarbage = 64 << 10 // a line that hasn't ended by then ends the session
	lineBuffer = 2 * MaxLine
)

var (
	// ErrLineTooLong says that a line over MaxLine was read and dropped.
	ErrLineTooLong = errors.New("line too long")
	// ErrGarbage says that more than MaxGarbage bytes came without a line end.
	ErrGarbage = errors.New("no line end")
)

// A Source is where command lines come from.
type Source interface {
	io.Reader
	// ReadPooled waits for input and only then takes a buffer of the pool.
	ReadPooled(pool *sync.Pool) (*[]byte, int, error)
}

// A LineReader reads command lines within bounds. While it waits for the first
// byte of a line it holds no buffer.
type LineReader struct {
	src     Source
	buf     *[]byte // pooled; nil while nothing is buffered
	in      []byte  // what of buf is unread
	dropped int     // bytes dropped of the line at hand, if it is too long
}

var lineBuffers = sync.Pool{New: func() any { b := make([]byte, lineBuffer); return &b }}

// NewLineReader returns a reader of the lines of src.
func NewLineReader(src Source) *LineReader { return &LineReader{src: src} }

// Empty reports whether nothing of a next line has been read.
func (r *LineReader) Empty() bool { return len(r.in) == 0 && r.dropped == 0 }

// Ready reports whether a whole line is buffered, so that ReadLine won't wait.
func (r *LineReader) Ready() bool { return bytes.IndexByte(r.in, '\n') >= 0 }

// First returns the first byte that is buffered, or 0.
func (r *LineReader) First() byte {
	if len(r.in) == 0 {
		return 0
	}
	return r.in[0]
}

// Wait returns once there is something to read. It is for an Empty reader.
func (r *LineReader) Wait() error {
	r.Release()
	buf, n, err := r.src.ReadPooled(&lineBuffers)
	if err != nil {
		return err
	}
	r.buf, r.in = buf, (*buf)[:n]
	return nil
}

// Release gives the buffer back, and forgets what it holds.
func (r *LineReader) Release() {
	if r.buf != nil {
		lineBuffers.Put(r.buf)
	}
	r.buf, r.in, r.dropped = nil, nil, 0
}

// ReadLine returns the next line without its LF and the one CR before it. A
// line over MaxLine is read to its end and then returns ErrLineTooLong; the
// next call goes on behind it. At the end of input an unfinished line is
// dropped. After any other error of the source, such as a deadline, the call
// can be repeated.
func (r *LineReader) ReadLine() (string, error) {
	for {
		line, rest, whole := bytes.Cut(r.in, []byte("\n"))
		if r.dropped+len(line) > MaxGarbage {
			return "", ErrGarbage
		}
		if whole {
			r.in = rest
			return r.accept(line)
		}
		if err := r.fill(); err != nil {
			return "", err
		}
	}
}

// accept judges a whole line.
func (r *LineReader) accept(line []byte) (string, error) {
	dropped := r.dropped
	r.dropped = 0
	line = bytes.TrimSuffix(line, []byte("\r"))
	if dropped > 0 || len(line) > MaxLine {
		return "", ErrLineTooLong
	}
	return string(line), nil
}

// fill reads more of a line that isn't whole yet, and drops what was read of
// one that is too long already.
func (r *LineReader) fill() error {
	if r.Empty() {
		return r.Wait()
	}
	if len(r.in) > MaxLine+1 {
		r.dropped += len(r.in)
		r.in = nil
	}
	b := *r.buf
	kept := copy(b, r.in)
	n, err := r.src.Read(b[kept:])
	r.in = b[:kept+n]
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// SplitLine splits a line into its verb, in upper case, and its argument:
// the rest behind exactly one space. A line whose verb is empty or has other
// characters than ASCII letters, digits and '-' has no verb.
func SplitLine(line string) (verb, arg string) {
	verb, arg, _ = strings.Cut(line, " ")
	for i := range len(verb) {
		if !names.IsVerbByte(verb[i]) {
			return "", ""
		}
	}
	return strings.ToUpper(verb), arg
}
