package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"mts/core"
	"mts/core/wire"
)

// maxNotices limits the notices before a reply.
const maxNotices = 1000

// A Conn is a connection to a server. Any number of goroutines may use it at
// once; see the package documentation.
type Conn struct {
	nc  net.Conn
	raw *timeoutConn // nc, or the connection below its TLS

	gone context.Context // its cause is why the connection is lost
	lose context.CancelCauseFunc

	// Only the caller whose reply is next uses these.
	in      *wire.ReplyReader
	notices int // since the last reply

	writers atomic.Int32 // callers about to write a command
	mu      sync.Mutex   // guards what follows
	out     *bufio.Writer
	last    chan struct{} // closed once the last command's reply has been read
}

func newConn(nc net.Conn, raw *timeoutConn, notice func(string)) *Conn {
	c := &Conn{
		nc:   nc,
		raw:  raw,
		in:   wire.NewReplyReader(nc),
		out:  bufio.NewWriterSize(nc, 2*wire.MaxLine),
		last: make(chan struct{}),
	}
	close(c.last)
	c.gone, c.lose = context.WithCancelCause(context.Background())
	c.in.Notice = func(text string) {
		if c.notices++; c.notices > maxNotices {
			c.raw.Close() // exchange returns the error
		} else if notice != nil {
			notice(text)
		}
	}
	return c
}

// Err returns the reason why the connection is lost, or nil.
func (c *Conn) Err() error { return context.Cause(c.gone) }

// Close sends QUIT and closes the connection. Running calls fail.
func (c *Conn) Close() error {
	if c.Err() != nil {
		return nil
	}
	c.mu.Lock()
	c.out.WriteString("QUIT\r\n")
	c.out.Flush()
	c.mu.Unlock()
	c.lose(fmt.Errorf("%w: %w", ErrLost, net.ErrClosed))
	return c.nc.Close()
}

// Login logs in as user, or as the server's default account if user is "". If the
// server refuses, the error wraps ErrLogin and a *core.Error.
func (c *Conn) Login(ctx context.Context, user, password string) error {
	lines := []string{"AUTH " + password}
	if user != "" {
		lines = []string{"USER " + user, lines[0]}
	}
	var refusal error
	err := c.exchange(ctx, lines, func() error {
		for range lines {
			reply, err := c.in.ReadReply(io.Discard, 0)
			if err != nil {
				return err
			}
			refusal = reply.Err() // that of AUTH counts: it fails after a bad USER
		}
		return nil
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	if errors.Is(err, ErrLost) || err == nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrLogin, err)
}

// Do sends a command line, "VERB argument", copies the data of the reply to w and
// returns the status line. If the server refuses the command, the error is a
// *core.Error. MODE, QUIT and STARTTLS are Conn's own and return ErrLine.
func (c *Conn) Do(ctx context.Context, line string, w io.Writer) (wire.Reply, error) {
	switch verb, _ := wire.SplitLine(line); verb {
	case "", "MODE", "QUIT", "STARTTLS":
		return wire.Reply{}, fmt.Errorf("%w: %s", ErrLine, wire.Printable(line))
	}
	return c.do(ctx, line, w, math.MaxInt64)
}

// do is Do for any verb, with at most max bytes of data.
func (c *Conn) do(ctx context.Context, line string, w io.Writer, max int64) (reply wire.Reply, err error) {
	err = c.exchange(ctx, []string{line}, func() (err error) {
		reply, err = c.in.ReadReply(w, max)
		return err
	})
	if err == nil {
		err = reply.Err()
	}
	return reply, err
}

// exchange sends lines. After the replies to all earlier commands have been read,
// it calls read for the replies to these lines. An error of read ends the
// connection.
func (c *Conn) exchange(ctx context.Context, lines []string, read func() error) error {
	if err := check(lines); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.fail(context.Cause(ctx)) })
	defer stop()
	before, done, err := c.send(lines)
	if err != nil {
		return err
	}
	select {
	case <-before:
	case <-c.gone.Done():
		return fmt.Errorf("%w: %w", ErrQueued, c.Err())
	}
	c.notices = 0
	err = read()
	if c.notices > maxNotices {
		err = fmt.Errorf("%w: too many notices", wire.ErrProtocol)
	}
	if err != nil {
		return c.fail(err)
	}
	close(done)
	return nil
}

// check returns ErrLine for lines that the server would not read as one line.
func check(lines []string) error {
	for _, line := range lines {
		verb, _, _ := strings.Cut(line, " ")
		if len(line) > wire.MaxLine || wire.HasControl(line) {
			return fmt.Errorf("%w: %s with an argument that is too long or has control characters", ErrLine, verb)
		}
	}
	return nil
}

// send writes lines. It flushes them unless another caller is about to write more
// and will flush. The replies may be read when before is closed; the reader then
// closes done.
func (c *Conn) send(lines []string) (before, done chan struct{}, err error) {
	c.writers.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	left := c.writers.Add(-1)
	if err := c.silent(); err != nil {
		return nil, nil, c.fail(err)
	}
	for _, line := range lines {
		c.out.WriteString(line)
		c.out.WriteString("\r\n")
	}
	before, done = c.last, make(chan struct{})
	c.last = done
	if left == 0 {
		err = c.out.Flush()
	}
	if err != nil {
		return nil, nil, c.fail(err)
	}
	return before, done, nil
}

// silent returns an error if the server has sent something other than a notice
// although it has no command to answer: the reason why it ends the session, or
// something unexpected.
func (c *Conn) silent() error {
	select {
	case <-c.last:
	default:
		return nil
	}
	if c.buffered() == 0 {
		return nil
	}
	block, reply, err := c.in.Next()
	if err == nil && block == 0 {
		err = reply.Err()
	}
	var reason *core.Error
	if err == nil || errors.As(err, &reason) && reason.Code == "" {
		return errUnasked
	}
	return err
}

// buffered returns the number of bytes that have arrived and aren't read, 0 if they
// begin with a notice.
func (c *Conn) buffered() int {
	b := c.in.Body().(*bufio.Reader)
	if first, err := b.Peek(min(1, b.Buffered())); err == nil && len(first) > 0 && first[0] == wire.Notice {
		return 0
	}
	return b.Buffered()
}

// fail closes the connection because of err. It returns the reason why the
// connection is lost, which is an older one if it was lost before.
func (c *Conn) fail(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	c.lose(fmt.Errorf("%w: %w", ErrLost, err))
	c.raw.Close()
	return c.Err()
}
