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

// maxNotices is how many notices may come before a reply.
const maxNotices = 1000

// A Conn is a connection to a server. Any number of goroutines may use it at
// once; see the package documentation.
type Conn struct {
	nc  net.Conn
	raw *patient // nc, or what is under its TLS

	gone context.Context // its cause is why the connection is lost
	lose context.CancelCauseFunc

	// The one whose turn it is uses these.
	in      *wire.ReplyReader
	notices int // since the last reply

	writers atomic.Int32 // callers about to write a command
	mu      sync.Mutex   // guards what follows
	out     *bufio.Writer
	last    chan struct{} // closed once the last command's reply has been read
}

func newConn(nc net.Conn, raw *patient, notice func(string)) *Conn {
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
			c.raw.Close() // exchange tells why
		} else if notice != nil {
			notice(text)
		}
	}
	return c
}

// Err returns why the connection can't be used any more, or nil.
func (c *Conn) Err() error { return context.Cause(c.gone) }

// Close says goodbye and closes the connection. Calls under way fail.
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

// Login logs in as user, or as the server's default account if that is "". The
// error wraps ErrLogin and a *core.Error if the server says no.
func (c *Conn) Login(ctx context.Context, user, password string) error {
	lines := []string{"AUTH " + password}
	if user != "" {
		lines = []string{"USER " + user, lines[0]}
	}
	var said error
	err := c.exchange(ctx, lines, func() error {
		for range lines {
			reply, err := c.in.ReadReply(io.Discard, 0)
			if err != nil {
				return err
			}
			said = reply.Err() // AUTH's counts: it fails after a bad USER
		}
		return nil
	})
	if err == nil && said != nil {
		err = said
	}
	if errors.Is(err, ErrLost) || err == nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrLogin, err)
}

// Do sends a command line, "VERB argument", copies the data of its reply to w
// and returns the status line. The error of a refused command is a
// *core.Error. MODE, QUIT and STARTTLS belong to Conn and can't be used.
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

// exchange sends lines and, when their turn has come, calls read for all their
// replies. An error of read is the end of the connection.
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

// check reports lines that would be something else on the wire.
func check(lines []string) error {
	for _, line := range lines {
		verb, _, _ := strings.Cut(line, " ")
		if len(line) > wire.MaxLine || wire.HasControl(line) {
			return fmt.Errorf("%w: %s with an argument that is too long or has control characters", ErrLine, verb)
		}
	}
	return nil
}

// send writes lines, and makes sure that they leave unless another caller is
// about to write more. Their replies may be read once before is closed; done
// has to be closed then.
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

// silent returns an error if no command is under way and yet the server has
// said something other than a notice: its reason to end the session, or what
// nobody asked for.
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
	var told *core.Error
	if err == nil || errors.As(err, &told) && told.Code == "" {
		return errUnasked
	}
	return err
}

// buffered is how many bytes have come that nobody has read, notices aside.
func (c *Conn) buffered() int {
	b := c.in.Body().(*bufio.Reader)
	if first, err := b.Peek(min(1, b.Buffered())); err == nil && len(first) > 0 && first[0] == wire.Notice {
		return 0
	}
	return b.Buffered()
}

// fail gives the connection up and returns why it is lost, which may be an
// older reason than err.
func (c *Conn) fail(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	c.lose(fmt.Errorf("%w: %w", ErrLost, err))
	c.raw.Close()
	return c.Err()
}
