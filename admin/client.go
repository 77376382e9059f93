package admin

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"mts/core/client"
	"mts/core/wire"
)

// A Client is the control interface of a server. Any goroutine may use it: each
// command has a connection of its own, and at most 8 run at a time; further ones
// wait.
type Client struct {
	dial  func(context.Context) (net.Conn, error)
	slots chan struct{}   // has one element for each running command
	open  context.Context // until Close
	close context.CancelCauseFunc
}

const (
	maxCalls      = 8                         // commands at a time
	maxRow        = 64 << 10                  // bytes of a row
	dialTimeout   = 10 * time.Second          // for the server to greet
	answerTimeout = 10 * 365 * 24 * time.Hour // in effect none: the context decides
)

// ErrClosed is why calls fail after Close.
var ErrClosed = errors.New("admin client is closed")

// Dial returns a Client of the server whose admin socket is at path. The error
// wraps client.ErrConnect if there is none, or it refuses this user.
func Dial(ctx context.Context, socket string) (*Client, error) {
	return NewClient(ctx, func(ctx context.Context) (net.Conn, error) {
		return dial(ctx, socket)
	})
}

// NewClient is Dial for a server that dial connects to. It connects once, to see
// that there is a server.
func NewClient(ctx context.Context, dial func(context.Context) (net.Conn, error)) (*Client, error) {
	c := &Client{dial: dial, slots: make(chan struct{}, maxCalls)}
	c.open, c.close = context.WithCancelCause(context.Background())
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	return c, conn.Close()
}

func (c *Client) connect(ctx context.Context) (*client.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return client.Dial(ctx, "mts+plain://admin", client.Options{
		Timeout: answerTimeout,
		Dial:    func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dial(ctx) },
	})
}

// Do runs a command, such as "kick", "12", "reason=too late", and calls row, if
// it isn't nil, with each row of the answer as it arrives. It returns the text
// of the line that ends the answer. The command ends early when row returns an
// error, which Do returns, or ctx ends; events ends in no other way. A failure is
// a *core.Error with a code. The error wraps client.ErrConnect or client.ErrLost if
// there is no server or the connection to it was lost.
func (c *Client) Do(ctx context.Context, words []string, row func(json.RawMessage) error) (text string, err error) {
	line, err := join(words)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.open, func() { cancel(ErrClosed) })()
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	conn, err := c.connect(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	w := &rowWriter{row: row}
	reply, err := conn.Do(ctx, line, w)
	return reply.Text, cmp.Or(w.err, err)
}

// Close ends the commands that run. Later ones fail.
func (c *Client) Close() error {
	c.close(ErrClosed)
	return nil
}

// join makes a command line of words.
func join(words []string) (string, error) {
	if len(words) == 0 {
		return "", errors.New("no command")
	}
	line := strings.ToUpper(words[0])
	for _, word := range words[1:] {
		line += " " + Quote(word)
	}
	switch {
	case len(line) > wire.MaxLine:
		return "", fmt.Errorf("the command is longer than %d bytes", wire.MaxLine)
	case wire.HasControl(line):
		return "", errors.New("the command has a control character")
	}
	return line, nil
}

// A rowWriter calls row with each line that is written to it.
type rowWriter struct {
	row  func(json.RawMessage) error
	rest []byte
	err  error // of row
}

func (w *rowWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, whole := bytes.Cut(w.rest, []byte("\n"))
		if !whole {
			break
		}
		w.rest = rest
		if w.row == nil {
			continue
		}
		if w.err = w.row(bytes.Clone(line)); w.err != nil {
			return 0, w.err
		}
	}
	if len(w.rest) > maxRow {
		return 0, fmt.Errorf("%w: a row of more than %d bytes", wire.ErrProtocol, maxRow)
	}
	return len(p), nil
}
