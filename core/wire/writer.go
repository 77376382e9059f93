package wire

import (
	"errors"
	"io"
	"strconv"
	"sync"
	"time"
)

// The first byte of a line says what the line is.
const (
	Success = '#' // the end of a reply
	Failure = '!' // the end of a reply
	Notice  = '*' // between two replies
	data    = '$' // the header of a block of data
)

// MaxBlock is the most bytes that one block of data can have.
const MaxBlock = 16 << 20

// ErrTorn says that a reply can't be completed: a block, or the data of a reply
// in stream mode, has been sent in part. The connection has to be cut, because
// nothing else tells the client.
var ErrTorn = errors.New("reply is torn")

// ErrShort says that the source of a Send had less data than announced.
var ErrShort = errors.New("source is shorter than announced")

// A Sink is where replies go. What is written may wait until Flush.
type Sink interface {
	io.Writer
	io.ReaderFrom // reads at most one piece, see Pace
	Flush() error
}

// A Pace is called before each piece of a Send, with the n bytes that are left to
// send. It waits until some of them may be sent and returns how many, at least
// one. Its error ends the transfer.
type Pace func(n int64) (int64, error)

// A Writer writes replies, in stream mode until SetBlock changes that. Data and
// status lines are collected in one buffer, which is written when it is full and
// on Flush. The buffer is pooled, and held only while something waits in it.
// After an error of the sink, every call returns that error.
type Writer struct {
	sink   Sink
	small  int64 // sources up to this size go through the buffer
	block  bool
	buf    *[]byte
	open   int   // in block mode: where in buf the block begins that Write adds to; -1: none
	sent   int64 // bytes of data in the current reply
	err    error
	within bool // Send has announced a block and not completed it
	lr     io.LimitedReader
}

// Sizes in bytes. The buffer has room for bufferSize bytes of data, the header of
// their block and a status line.
const (
	bufferSize = 64 << 10
	maxHeader  = len("$16777216\r\n")
	spare      = 4 << 10
)

var writeBuffers = sync.Pool{New: func() any {
	b := make([]byte, 0, bufferSize+maxHeader+spare)
	return &b
}}

// NewWriter returns a Writer to sink. Sources of up to small bytes are written
// together with their status line, larger ones go to sink.ReadFrom. small is at
// most 64 KiB.
func NewWriter(sink Sink, small int) *Writer {
	return &Writer{sink: sink, small: int64(min(small, bufferSize)), open: -1}
}

// SetBlock turns block mode on or off. It takes effect with the next reply.
func (w *Writer) SetBlock(on bool) { w.block = on }

// Block reports whether block mode is on.
func (w *Writer) Block() bool { return w.block }

// Sent returns how many bytes of data the current reply has.
func (w *Writer) Sent() int64 { return w.sent }

// Whole reports whether a status line can follow at once: no block is incomplete.
func (w *Writer) Whole() bool { return !w.within }

// Write adds data to the current reply.
func (w *Writer) Write(p []byte) (n int, err error) {
	for n < len(p) && w.err == nil {
		w.openBlock()
		b := w.buffer()
		m := min(len(p)-n, bufferSize+maxHeader-len(*b))
		if m <= 0 {
			w.spill()
			continue
		}
		*b = append(*b, p[n:n+m]...)
		n += m
	}
	w.sent += int64(n)
	return n, w.err
}

// Send adds exactly size bytes of r to the current reply and returns how many it
// has sent. If r ends early the error is ErrShort. An error of pace is returned
// as it is. If the reply can't be completed after an error, every later call
// returns ErrTorn.
func (w *Writer) Send(r io.Reader, size int64, pace Pace) (int64, error) {
	w.closeBlock()
	if size <= w.small {
		return w.sendSmall(r, size, pace)
	}
	var total int64
	block := int64(firstBlock)
	for total < size && w.err == nil {
		n := size - total
		if w.block {
			n = min(n, block)
		}
		start := time.Now()
		m, err := w.sendBlock(r, n, pace)
		total += m
		if err != nil {
			return total, err
		}
		block = nextBlock(block, time.Since(start))
	}
	return total, w.err
}

// In block mode a large source is sent in blocks. The first has firstBlock bytes;
// the size of the others follows the speed of the connection, so that one takes
// about half a second at most. A transfer can be ended between two blocks, and
// not within one.
const (
	firstBlock = 256 << 10
	minBlock   = 16 << 10
)

func nextBlock(size int64, took time.Duration) int64 {
	switch {
	case took > 500*time.Millisecond:
		return max(size/4, minBlock)
	case took < 100*time.Millisecond:
		return min(4*size, MaxBlock)
	}
	return size
}

// sendSmall sends a source through the buffer. With an error, nothing of it is
// sent.
func (w *Writer) sendSmall(r io.Reader, size int64, pace Pace) (int64, error) {
	if size == 0 || w.err != nil {
		return 0, w.err
	}
	for left := size; left > 0; {
		n, err := pace(left)
		if err != nil {
			return 0, err
		}
		left -= n
	}
	w.room(maxHeader + int(size))
	b := w.buffer()
	before := len(*b)
	if w.block {
		w.header(size)
	}
	start := len(*b)
	*b = (*b)[:start+int(size)]
	if _, err := io.ReadFull(r, (*b)[start:]); err != nil {
		*b = (*b)[:before]
		return 0, short(err)
	}
	w.sent += size
	return size, nil
}

// sendBlock sends n bytes, in block mode as one block. Its header is sent once
// pace has allowed the first piece.
func (w *Writer) sendBlock(r io.Reader, n int64, pace Pace) (total int64, err error) {
	for total < n && w.err == nil {
		piece, err := pace(n - total)
		if err != nil {
			return total, w.tear(total > 0, err)
		}
		if total == 0 {
			if w.block {
				w.header(n)
				w.within = true
			}
			w.spill()
		}
		m, err := w.sendPiece(r, piece)
		total += m
		if err != nil {
			return total, w.tear(true, err)
		}
	}
	w.within = false
	return total, w.err
}

func (w *Writer) sendPiece(r io.Reader, n int64) (int64, error) {
	w.lr = io.LimitedReader{R: r, N: n}
	m, err := w.sink.ReadFrom(&w.lr)
	w.sent += m
	if err == nil && m < n {
		err = ErrShort
	}
	return m, err
}

// tear makes later calls return ErrTorn if the reply can't be completed: in block
// mode if a block has been announced, in stream mode if data has been sent. It
// returns err.
func (w *Writer) tear(announced bool, err error) error {
	if w.err == nil && (w.block && announced || !w.block && w.sent > 0) {
		w.err = ErrTorn
	}
	return err
}

func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrShort
	}
	return err
}

// Status ends the current reply with a status line, or writes a notice between
// two replies. Facts are written in block mode only. The text is made printable;
// a space goes before it if a client would read its beginning as facts.
func (w *Writer) Status(mark byte, facts []Fact, text string) error {
	w.closeBlock()
	w.room(spare)
	b := w.buffer()
	*b = append(*b, mark)
	text = Printable(text)
	if w.block {
		*b = appendFacts(*b, facts)
		if len(facts) == 0 && hasFacts(text) {
			*b = append(*b, ' ')
		}
	}
	*b = append(*b, text...)
	*b = append(*b, "\r\n"...)
	if mark != Notice {
		w.sent = 0
	}
	return w.err
}

// Flush sends what waits.
func (w *Writer) Flush() error {
	if w.buf != nil {
		w.spill()
	}
	if w.err == nil {
		w.err = w.sink.Flush()
	}
	return w.err
}

// buffer returns the buffer. If there is none it takes one from the pool.
func (w *Writer) buffer() *[]byte {
	if w.buf == nil {
		w.buf = writeBuffers.Get().(*[]byte)
	}
	return w.buf
}

// room makes sure that n more bytes fit into the buffer.
func (w *Writer) room(n int) {
	if b := w.buffer(); cap(*b)-len(*b) < n {
		w.spill()
	}
}

// header writes the header of a block of n bytes.
func (w *Writer) header(n int64) {
	w.room(maxHeader)
	b := w.buffer()
	*b = append(*b, data)
	*b = strconv.AppendInt(*b, n, 10)
	*b = append(*b, "\r\n"...)
}

// openBlock begins a block in the buffer, unless there is one. It leaves room for
// the header, because the size isn't known yet.
func (w *Writer) openBlock() {
	if !w.block || w.open >= 0 {
		return
	}
	w.room(maxHeader + 1)
	b := w.buffer()
	w.open = len(*b)
	*b = (*b)[:w.open+maxHeader]
}

// closeBlock ends the block in the buffer: it writes the header, whose length is
// known now, and moves the content after it. An empty block is removed.
func (w *Writer) closeBlock() {
	if w.open < 0 {
		return
	}
	b := *w.buf
	content := b[w.open+maxHeader:]
	head := append(strconv.AppendInt([]byte{data}, int64(len(content)), 10), "\r\n"...)
	end := w.open
	if len(content) > 0 {
		copy(b[end+len(head):], content)
		end += copy(b[end:], head) + len(content)
	}
	*w.buf = b[:end]
	w.open = -1
}

// spill writes the buffer to the sink and returns it to the pool.
func (w *Writer) spill() {
	w.closeBlock()
	if w.buf == nil {
		return
	}
	if w.err == nil && len(*w.buf) > 0 {
		_, w.err = w.sink.Write(*w.buf)
	}
	*w.buf = (*w.buf)[:0]
	writeBuffers.Put(w.buf)
	w.buf = nil
}
