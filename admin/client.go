package admin

import (
	"bytes"
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

// A Client is the control interface of a server. It is safe for concurrent
// use: each command has a connection of its own, up to some at a time.
type Client struct {
	dial  func(context.Context) (net.Conn, error)
	slots chan struct{} // one taken for each command under way
	open  context.Context
	close context.CancelCauseFunc
}

const (
	maxCalls = 8        // of one Client at a time
	maxRow   = 64 << 10 // bytes of a row
	// dialTime bounds how long a server may take to greet, and patience what it
	// may take to answer: that is up to the caller.
	dialTime = 10 * time.Second
	patience = 10 * 365 * 24 * time.Hour
)

// ErrClosed is why calls fail after Close.
var ErrClosed = errors.New("admin client is closed")

// Dial returns a Client of the server whose admin socket is at path. The error
// wraps client.ErrConnect if there is none, or none that lets us in.
func Dial(ctx context.Context, socket string) (*Client, error) {
	return NewClient(ctx, func(ctx context.Context) (net.Conn, error) {
		return dial(ctx, socket)
	})
}

// NewClient is Dial for a server that is reached by dial, which it tries once.
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
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	return client.Dial(ctx, "mts+plain://admin", client.Options{
		Timeout: patience,
		Dial:    func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dial(ctx) },
	})
}

// Do runs a command, such as "kick", "12", "reason=too late", and calls row, if
// it isn't nil, with each row of the answer as it comes. It returns the text of
// the line that ends the answer. An error of row, and the end of ctx, end the
// command, which is how to leave events. A failure is a *core.Error with a
// code; client.ErrConnect and client.ErrLost tell of a server that is gone.
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
	reply, err := conn.Do(ctx, line, &rowWriter{row: row})
	return reply.Text, err
}

// Close ends the calls under way. Later ones fail.
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

// A rowWriter hands out what is written to it line by line.
type rowWriter struct {
	row  func(json.RawMessage) error
	rest []byte
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
		if err := w.row(bytes.Clone(line)); err != nil {
			return 0, err
		}
	}
	if len(w.rest) > maxRow {
		return 0, fmt.Errorf("%w: a row of more than %d bytes", wire.ErrProtocol, maxRow)
	}
	return len(p), nil
}
