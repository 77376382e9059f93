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
	MaxGarbage = 64 << 10 // a longer line, even an unfinished one, ends the session
	lineBuffer = 2 * MaxLine
)

var (
	// ErrLineTooLong says that a line longer than MaxLine was read and dropped.
	ErrLineTooLong = errors.New("line too long")
	// ErrGarbage says that a line is longer than MaxGarbage.
	ErrGarbage = errors.New("no line end")
)

// A Source is where command lines come from.
type Source interface {
	io.Reader
	// ReadPooled waits for input, then takes a buffer, a *[]byte, from the pool
	// and reads into it. With an error the buffer is nil.
	ReadPooled(pool *sync.Pool) (*[]byte, int, error)
}

// A LineReader reads command lines of bounded length. While it waits for the
// first byte of a line it holds no buffer.
type LineReader struct {
	src     Source
	buf     *[]byte // pooled; nil while nothing is buffered
	in      []byte  // the part of buf that isn't consumed
	dropped int     // bytes of the current line that were dropped, if it is too long
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

// Wait waits until there is input. The reader has to be Empty.
func (r *LineReader) Wait() error {
	r.Release()
	buf, n, err := r.src.ReadPooled(&lineBuffers)
	if err != nil {
		return err
	}
	r.buf, r.in = buf, (*buf)[:n]
	return nil
}

// Release returns the buffer to the pool and drops its content.
func (r *LineReader) Release() {
	if r.buf != nil {
		lineBuffers.Put(r.buf)
	}
	r.buf, r.in, r.dropped = nil, nil, 0
}

// ReadLine returns the next line without its LF and one CR before it. If the
// line is longer than MaxLine, it is read to its end and the error is
// ErrLineTooLong; the next call returns the next line. At the end of input an
// unfinished line is dropped. After any other error of the source, such as a
// deadline, the call can be repeated.
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

// accept returns a whole line, unless it is too long.
func (r *LineReader) accept(line []byte) (string, error) {
	dropped := r.dropped
	r.dropped = 0
	line = bytes.TrimSuffix(line, []byte("\r"))
	if dropped > 0 || len(line) > MaxLine {
		return "", ErrLineTooLong
	}
	return string(line), nil
}

// fill reads more of the current line. If the line is too long already, what was
// read of it is dropped.
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

// SplitLine splits a line into its verb, in upper case, and its argument, which
// is everything after the first space. If the verb is empty or has characters
// other than ASCII letters, digits and '-', both are "".
func SplitLine(line string) (verb, arg string) {
	verb, arg, _ = strings.Cut(line, " ")
	for i := range len(verb) {
		if !names.IsVerbByte(verb[i]) {
			return "", ""
		}
	}
	return strings.ToUpper(verb), arg
}
