package wire

import (
	"errors"
	"io"
	"strconv"
	"sync"
	"time"
)

// The first bytes of lines.
const (
	Success = '#' // ends a reply
	Failure = '!' // ends a reply
	Notice  = '*' // between two replies
	data    = '$' // announces a block of data
)

// MaxBlock is the most bytes that one block of data announces.
const MaxBlock = 16 << 20

// ErrTorn is returned once a reply can't be completed: bytes that were
// announced are missing, or some of a stream's are. The connection has to be
// cut, so that the client knows.
var ErrTorn = errors.New("reply is torn")

// ErrShort is returned by Send if the source held less than it should.
var ErrShort = errors.New("source is shorter than announced")

// A Sink is where replies go. What is written may wait until Flush.
type Sink interface {
	io.Writer
	io.ReaderFrom // called with at most one piece, see Pace
	Flush() error
}

// A Pace is asked before each piece of up to n bytes of a Send leaves. It
// returns how many of them may go now, at least one, after having waited for
// that, or the error that ends the transfer.
type Pace func(n int64) (int64, error)

// A Writer writes replies, in stream mode until Block says otherwise. Data and
// status lines gather in one buffer; nothing is sent before Flush unless the
// buffer is full. The buffer is pooled and held only while something waits in
// it. An error of the sink is returned by every later call.
type Writer struct {
	sink   Sink
	small  int64 // sources up to this size go through the buffer
	block  bool
	buf    *[]byte
	open   int   // in block mode: where in buf the open block begins, -1 for none
	sent   int64 // bytes of data in this reply
	err    error
	within bool // a block that Send has announced
	lr     io.LimitedReader
}

// bufferSize is the most that gathers before it is sent; maxHeader more bytes
// are for the header of a block.
const (
	bufferSize = 64 << 10
	maxHeader  = len("$16777216\r\n")
	spare      = 4 << 10 // a status line still fits behind a full-size small file
)

var writeBuffers = sync.Pool{New: func() any {
	b := make([]byte, 0, bufferSize+maxHeader+spare)
	return &b
}}

// NewWriter returns a Writer to sink. Sources of up to small bytes, at most
// 64 KiB, are sent together with their status line; larger ones are handed to
// sink.ReadFrom.
func NewWriter(sink Sink, small int) *Writer {
	return &Writer{sink: sink, small: int64(min(small, bufferSize)), open: -1}
}

// SetBlock turns block mode on or off. It takes effect with the next reply.
func (w *Writer) SetBlock(on bool) { w.block = on }

// Block reports whether block mode is on.
func (w *Writer) Block() bool { return w.block }

// Sent returns how many bytes of data the reply under way has.
func (w *Writer) Sent() int64 { return w.sent }

// Whole reports whether the reply under way can be completed as it is, without
// more of its data: it isn't in the middle of a block, or there are no blocks.
func (w *Writer) Whole() bool { return !w.within }

// Write adds data to the reply under way.
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

// Send adds exactly size bytes of r to the reply under way and returns how
// many went out. If r ends early the error is ErrShort; it is the error of
// pace if that gave one. Whenever the reply can't be completed then, every
// later call returns ErrTorn.
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

// The blocks that a large source is sent in begin with firstBlock bytes and
// follow the speed of the connection, so that one takes half a second at most:
// a transfer can be ended only between two of them.
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

// sendSmall sends a source through the buffer. If it fails, nothing is sent.
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

// sendBlock sends n bytes, announced once pace lets the first of them go.
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

// tear makes sure that nothing follows an incomplete reply: in block mode, one
// whose block is announced; in stream mode, one that has begun.
func (w *Writer) tear(announced bool, err error) error {
	if w.err == nil && (w.block && announced || !w.block && w.sent > 0) {
		w.err = ErrTorn
	}
	return err
}

func short(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrShort
	}
	return err
}

// Status ends the reply with a status line, or sends a notice between two.
// Facts are sent in block mode only; the text is made printable. A text that
// would be read as facts is set off by a space.
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

// Flush sends all that waits.
func (w *Writer) Flush() error {
	if w.buf != nil {
		w.spill()
	}
	if w.err == nil {
		w.err = w.sink.Flush()
	}
	return w.err
}

// buffer returns the buffer, taking one if there is none.
func (w *Writer) buffer() *[]byte {
	if w.buf == nil {
		w.buf = writeBuffers.Get().(*[]byte)
	}
	return w.buf
}

// room makes sure that n more bytes fit in.
func (w *Writer) room(n int) {
	if b := w.buffer(); cap(*b)-len(*b) < n {
		w.spill()
	}
}

// header announces a block of n bytes.
func (w *Writer) header(n int64) {
	w.room(maxHeader)
	b := w.buffer()
	*b = append(*b, data)
	*b = strconv.AppendInt(*b, n, 10)
	*b = append(*b, "\r\n"...)
}

// openBlock leaves room for the header of a block whose size isn't known yet.
func (w *Writer) openBlock() {
	if !w.block || w.open >= 0 {
		return
	}
	w.room(maxHeader + 1)
	b := w.buffer()
	w.open = len(*b)
	*b = (*b)[:w.open+maxHeader]
}

// closeBlock puts the header before the content of the open block, if it has
// any.
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

// spill hands what has gathered to the sink and gives the buffer back.
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
