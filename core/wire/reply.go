package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"mts/core"
)

// MaxStatus is the length in bytes, with its ending, of the longest line that a
// client accepts.
const MaxStatus = 64 << 10

// ErrProtocol says that what the server sent isn't this protocol.
var ErrProtocol = errors.New("protocol error")

// A Reply is the status line that ends a reply.
type Reply struct {
	OK    bool
	Facts []Fact
	Text  string // unchanged: pass it through Printable before showing it
}

// Fact returns the value of a fact, or "".
func (r Reply) Fact(name string) string {
	for _, f := range r.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Err returns nil for a success and a *core.Error for a failure.
func (r Reply) Err() error {
	if r.OK {
		return nil
	}
	return &core.Error{Code: core.Code(r.Fact("code")), Text: r.Text}
}

// A ReplyReader reads replies of block mode. In stream mode it can read status
// lines, but no data.
type ReplyReader struct {
	r *bufio.Reader

	// Notice, if not nil, is called with each notice between two replies.
	Notice func(text string)
}

// NewReplyReader returns a reader of the replies in r.
func NewReplyReader(r io.Reader) *ReplyReader {
	return &ReplyReader{r: bufio.NewReaderSize(r, MaxStatus)}
}

// Next returns the length in bytes of the next block of data, which has to be
// read from Body before the next call. At the end of the reply the length is 0
// and reply is the status line.
func (r *ReplyReader) Next() (block int64, reply Reply, err error) {
	for {
		line, err := r.line()
		if err != nil {
			return 0, Reply{}, err
		}
		switch line[0] {
		case data:
			block, err = parseBlock(line[1:])
			return block, Reply{}, err
		case Success, Failure:
			return 0, parseReply(line), nil
		case Notice:
			if r.Notice != nil {
				r.Notice(line[1:])
			}
		default:
			return 0, Reply{}, fmt.Errorf("%w: %.80q", ErrProtocol, line)
		}
	}
}

// Body is where the bytes of a block are read from.
func (r *ReplyReader) Body() io.Reader { return r.r }

// ReadReply reads a whole reply, copies its data to w and returns its status
// line. More than max bytes of data are an error. An error of w is returned as
// it is.
func (r *ReplyReader) ReadReply(w io.Writer, max int64) (Reply, error) {
	block, reply, err := r.Next()
	for block > 0 && err == nil {
		if block > max {
			return Reply{}, fmt.Errorf("%w: more data than expected", ErrProtocol)
		}
		max -= block
		if err := r.copy(w, block); err != nil {
			return Reply{}, unexpected(err)
		}
		block, reply, err = r.Next()
		err = unexpected(err)
	}
	return reply, err
}

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}

// copy copies n bytes of a block to w, in writes of 256 KiB.
func (r *ReplyReader) copy(w io.Writer, n int64) error {
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	for n > 0 {
		got, err := io.ReadFull(r.r, (*buf)[:min(n, int64(len(*buf)))])
		if got > 0 { // even with an error
			if _, err := w.Write((*buf)[:got]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		n -= int64(got)
	}
	return nil
}

// line returns the next line. An empty one is an error.
func (r *ReplyReader) line() (string, error) {
	b, err := r.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", fmt.Errorf("%w: endless line", ErrProtocol)
	case err == io.EOF && len(b) > 0:
		return "", io.ErrUnexpectedEOF
	case err != nil:
		return "", err
	}
	line := strings.TrimSuffix(string(b[:len(b)-1]), "\r")
	if line == "" {
		return "", fmt.Errorf("%w: empty line", ErrProtocol)
	}
	return line, nil
}

// parseBlock parses the length of a block: a decimal number from 1 to MaxBlock,
// without sign or leading zero.
func parseBlock(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n < 1 || n > MaxBlock || s[0] == '0' {
		return 0, fmt.Errorf("%w: block of %.20q bytes", ErrProtocol, s)
	}
	return int64(n), nil
}

func parseReply(line string) Reply {
	facts, text := parseFacts(line[1:])
	return Reply{OK: line[0] == Success, Facts: facts, Text: text}
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
