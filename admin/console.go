package admin

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"mts/core"
	"mts/core/wire"
)

const (
	writeTime = 10 * time.Second // for a console to take what is written at once
	tellTime  = time.Second      // for one that is refused to hear it
	maxAhead  = 16               // lines that are read ahead
)

var errGone = errors.New("the console is gone")

// A console is one connection of an operator. One goroutine reads its lines,
// and by that notices when it is gone; another runs its commands.
type console struct {
	plane *Plane
	who   peer
	in    *wire.LineReader
	out   *wire.Writer
	here  context.Context // until the input ends, or the plane does
	leave context.CancelCauseFunc
}

func newConsole(p *Plane, conn net.Conn, who peer) *console {
	c := &console{plane: p, who: who.named(), in: wire.NewLineReader(stream{Conn: conn}), out: newWriter(conn, writeTime)}
	c.here, c.leave = context.WithCancelCause(p.open)
	return c
}

// newWriter returns a writer in block mode. The connection has to take each
// write in time.
func newWriter(conn net.Conn, timeout time.Duration) *wire.Writer {
	w := wire.NewWriter(stream{conn, timeout}, 0)
	w.SetBlock(true)
	return w
}

// A line is what a console said, or that it was no line.
type line struct {
	text string
	err  error
}

func (c *console) serve() {
	defer c.leave(errGone)
	lines := make(chan line, maxAhead)
	go c.read(lines) // first of all: over a pipe, who writes waits for a reader
	c.out.Status(wire.Success, nil, "Server Ready.")
	if c.out.Flush() != nil {
		return
	}
	for {
		select {
		case l, more := <-lines:
			if !more || !c.answer(l) || c.out.Flush() != nil {
				return
			}
		case <-c.plane.open.Done():
			fail(c.out, errClosing)
			c.out.Flush()
			return
		}
	}
}

// read hands out the lines that come. It ends when the connection is closed.
func (c *console) read(lines chan<- line) {
	defer c.in.Release()
	defer close(lines)
	defer c.leave(errGone)
	for {
		text, err := c.in.ReadLine()
		if err != nil && !errors.Is(err, wire.ErrLineTooLong) && !errors.Is(err, wire.ErrGarbage) {
			return
		}
		select {
		case lines <- line{text, err}:
		case <-c.plane.open.Done():
			return
		}
		if errors.Is(err, wire.ErrGarbage) {
			return
		}
	}
}

var (
	errInvalid = core.Errorf(core.CodeUnknownCommand, "Invalid command.")
	errTooLong = core.Errorf(core.CodeLineTooLong, "Line too long.")
)

// answer replies to a line. It reports whether the session goes on.
func (c *console) answer(l line) bool {
	verb, arg := wire.SplitLine(l.text)
	cmd, known := find(verb)
	switch {
	case l.err != nil:
		fail(c.out, errTooLong)
	case verb == "QUIT":
		return false
	case verb == "MODE" && arg == "BLOCK": // as clients say that don't know better
		c.out.Status(wire.Success, nil, "Mode is BLOCK.")
	case !known || wire.HasControl(l.text):
		fail(c.out, errInvalid)
	default:
		c.run(cmd, arg)
	}
	return true
}

// fail ends a reply with a failure.
func fail(w *wire.Writer, e *core.Error) {
	w.Status(wire.Failure, []wire.Fact{{Name: "code", Value: string(e.Code)}}, e.Text)
}

// tell says why a connection is closed. What the peer sends meanwhile is read:
// closing with that unread would make it miss the reason.
func tell(conn net.Conn, why *core.Error) {
	conn.SetReadDeadline(time.Now().Add(tellTime))
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		io.CopyN(io.Discard, conn, wire.MaxGarbage)
	}()
	w := newWriter(conn, tellTime)
	fail(w, why)
	half, ok := conn.(interface{ CloseWrite() error })
	if w.Flush() == nil && ok && half.CloseWrite() == nil {
		<-heard
	}
}

// A stream is a connection as package wire wants it.
type stream struct {
	net.Conn
	timeout time.Duration // of a write
}

func (s stream) ReadPooled(pool *sync.Pool) (*[]byte, int, error) {
	b := pool.Get().(*[]byte)
	n, err := s.Read(*b)
	if n == 0 && err != nil {
		pool.Put(b)
		return nil, 0, err
	}
	return b, n, nil
}

func (s stream) Write(p []byte) (int, error) {
	s.SetWriteDeadline(time.Now().Add(s.timeout))
	return s.Conn.Write(p)
}

func (s stream) ReadFrom(r io.Reader) (int64, error) { return io.Copy(struct{ io.Writer }{s}, r) }
func (s stream) Flush() error                        { return nil }
