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
	writeTimeout  = 10 * time.Second // of one write to a console
	refuseTimeout = time.Second      // for a connection that is refused to read the reason
	maxQueued     = 16               // lines that wait to be answered
)

var errDisconnected = errors.New("the console is gone")

// A console is one connection of an operator. One goroutine reads its lines, so
// that it notices a disconnect at once; another runs its commands.
type console struct {
	plane      *Plane
	operator   peer
	in         *wire.LineReader
	out        *wire.Writer
	connected  context.Context // until the input ends or the plane is closed
	disconnect context.CancelCauseFunc
}

func newConsole(p *Plane, conn net.Conn, operator peer) *console {
	c := &console{plane: p, operator: operator.named(), in: wire.NewLineReader(stream{Conn: conn}), out: newWriter(conn, writeTimeout)}
	c.connected, c.disconnect = context.WithCancelCause(p.open)
	return c
}

// newWriter returns a writer in block mode. Each write has to end within timeout.
func newWriter(conn net.Conn, timeout time.Duration) *wire.Writer {
	w := wire.NewWriter(stream{conn, timeout}, 0)
	w.SetBlock(true)
	return w
}

// A line is one line of input, or why it can't be read.
type line struct {
	text string
	err  error
}

func (c *console) serve() {
	defer c.disconnect(errDisconnected)
	lines := make(chan line, maxQueued)
	go c.read(lines) // before the greeting: on a pipe a write waits for a reader
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

// read sends the lines of the input until the connection is closed.
func (c *console) read(lines chan<- line) {
	defer c.in.Release()
	defer close(lines)
	defer c.disconnect(errDisconnected)
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
	case verb == "MODE" && arg == "BLOCK": // the client package sends it
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

// sendRefusal says why a connection is closed. It reads what the peer sends
// meanwhile: closing a socket with unread input would discard the reason.
func sendRefusal(conn net.Conn, why *core.Error) {
	conn.SetReadDeadline(time.Now().Add(refuseTimeout))
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		io.CopyN(io.Discard, conn, wire.MaxGarbage)
	}()
	w := newWriter(conn, refuseTimeout)
	fail(w, why)
	half, ok := conn.(interface{ CloseWrite() error })
	if w.Flush() == nil && ok && half.CloseWrite() == nil {
		<-drained
	}
}

// A stream adapts a connection to package wire.
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
