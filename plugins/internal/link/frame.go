package link

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// An Op says what a frame is.
type Op byte

// What the parent sends.
const (
	Call   Op = iota + 1 // begins a call: its kind, name, argument, session...
	Cancel               // the call's context ends: cause
	Kill                 // the interpreter ends, now, and the plugin is loaded anew: cause
	Item                 // one element of the answer to a request
	Result               // the end of that answer: error..., values
)

// What a worker sends.
const (
	Loaded    Op = iota + 64 // the plugin is loaded, or not: a Ready
	Done                     // the call has ended: error...
	Data                     // bytes for the client, or of a Send
	SendEnd                  // the source of a Send has ended: error...
	Reply                    // text
	Fact                     // name, value
	Log                      // text
	Open                     // path; answer: handle
	Read                     // handle, offset, length; answer: bytes
	CloseFile                // handle
	StatFile                 // handle; answer: file info
	SendFile                 // handle, offset, length or -1; answer: count
	Send                     // what follows as Data, until SendEnd; answer: count
	Stat                     // path; answer: info
	List                     // path; items: info
	Sessions                 // items: session
	Notify                   // filter, text; answer: count
	Load                     // key; answer: value, found
	Save                     // key, value
)

// Kinds of calls.
const (
	KindVerb  = "verb"
	KindHook  = "hook"
	KindClose = "close" // the last one: calls the plugin's Close
)

const (
	headerSize = 9
	flushAt    = 64 << 10

	// maxFrame bounds what one frame holds. The sender refuses
	// longer values.
	maxFrame = 2 << 20

	// Chunk is how much data is moved at a time.
	Chunk = 64 << 10
)

// ErrTooLarge is returned for a frame beyond maxFrame.
var ErrTooLarge = errors.New("value too large")

// A Frame is one message about the call of that number. Its payload is valid
// until the next is received.
type Frame struct {
	Op      Op
	Call    uint32
	Payload []byte
}

// A Conn carries frames. One goroutine may receive; any may send.
type Conn struct {
	r    *bufio.Reader
	in   []byte
	head [headerSize]byte

	mu  sync.Mutex
	w   io.Writer
	out []byte
}

// NewConn returns a Conn over a stream.
func NewConn(stream io.ReadWriter) *Conn {
	return &Conn{r: bufio.NewReaderSize(stream, 4<<10), w: stream}
}

// Receive returns the next frame.
func (c *Conn) Receive() (Frame, error) {
	if _, err := io.ReadFull(c.r, c.head[:]); err != nil {
		return Frame{}, err
	}
	f := Frame{Op: Op(c.head[4]), Call: binary.BigEndian.Uint32(c.head[5:])}
	n := binary.BigEndian.Uint32(c.head[:])
	if n > maxFrame {
		return f, ErrTooLarge
	}
	if int(n) > cap(c.in) {
		c.in = make([]byte, max(n, 1<<10))
	}
	f.Payload = c.in[:n]
	_, err := io.ReadFull(c.r, f.Payload)
	return f, err
}

// Send sends a frame of texts, and what was put before it.
func (c *Conn) Send(op Op, call uint32, texts ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.put(op, call, texts); err != nil {
		return err
	}
	return c.flush()
}

// Put writes a frame of texts to the buffer; Flush sends it.
func (c *Conn) Put(op Op, call uint32, texts ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.put(op, call, texts); err != nil || len(c.out) < flushAt {
		return err
	}
	return c.flush()
}

// PutBytes writes a frame of p to the buffer; Flush sends it.
func (c *Conn) PutBytes(op Op, call uint32, p []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.header(op, call, len(p))
	c.out = append(c.out, p...)
	if len(c.out) < flushAt {
		return nil
	}
	return c.flush()
}

// Flush sends the buffer. A buffer that is full is sent without it.
func (c *Conn) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flush()
}

func (c *Conn) header(op Op, call uint32, n int) {
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(n))
	c.out = append(c.out, byte(op))
	c.out = binary.BigEndian.AppendUint32(c.out, call)
}

func (c *Conn) put(op Op, call uint32, texts []string) error {
	start := len(c.out)
	c.header(op, call, 0)
	c.out = appendTexts(c.out, texts)
	n := len(c.out) - start - headerSize
	if n > maxFrame {
		c.out = c.out[:start]
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, n)
	}
	binary.BigEndian.PutUint32(c.out[start:], uint32(n))
	return nil
}

func (c *Conn) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.w.Write(c.out)
	c.out = c.out[:0]
	if cap(c.out) > 4*flushAt {
		c.out = nil
	}
	return err
}
