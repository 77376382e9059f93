// Package tail sends the last lines of a file.
//
//	TAIL N PATH
//
// sends the last N lines, from 1 to 10000. They end in LF, also when the
// file's last one doesn't:
//
//	C: TAIL 2 logs/today.log
//	S: 10:02 backup begins
//	S: 10:07 backup done
//	S: #Lines: 2.
//
// Only the last MiB of a file is read. If the lines begin before that, only the
// part in the last MiB is sent, in which the first line may be incomplete, and
// the success line says so. The fact lines= has their number. It has no settings.
package tail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"mts/core"
)

const (
	maxLines = 10000
	maxBytes = 1 << 20
)

// Commands returns TAIL.
func Commands() []core.Command {
	return []core.Command{{Verb: "TAIL", Args: "N PATH", Help: "sends the last N lines of a file", Run: tail}}
}

func tail(c *core.Call) error {
	number, name, _ := strings.Cut(c.Arg(), " ")
	n, err := strconv.Atoi(number)
	if name == "" || err != nil {
		return core.ErrUsage
	}
	if n < 1 || n > maxLines {
		return core.Errorf(core.CodeRange, "N is from 1 to %d.", maxLines)
	}
	f, err := c.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	end, err := last(f)
	if err != nil {
		return err
	}
	return send(c, end, n)
}

// An ending is the last maxBytes bytes of a file.
type ending struct {
	text []byte
	cut  bool // there is more before it
}

// send sends the last n lines of the ending.
func send(c *core.Call, e ending, n int) error {
	text := e.text
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	at := start(text, n)
	if _, err := c.Write(text[at:]); err != nil {
		return err
	}
	lines := bytes.Count(text[at:], []byte("\n"))
	reply := fmt.Sprintf("Lines: %d.", lines)
	if e.cut && at == 0 {
		reply += fmt.Sprintf(" They are cut: only the last %d bytes are read.", maxBytes)
	}
	c.Fact("lines", fmt.Sprint(lines))
	c.Reply("%s", reply)
	return nil
}

// start returns where the last n lines of text begin.
func start(text []byte, n int) int {
	at := len(text) - 1 // the end of the last line
	for range n {
		if at < 0 {
			break
		}
		at = bytes.LastIndexByte(text[:at], '\n')
	}
	return at + 1
}

// last reads no more of f than it needs, if f can be read from the middle.
func last(f fs.File) (ending, error) {
	at, ok := f.(io.ReaderAt)
	if !ok {
		return through(f)
	}
	info, err := f.Stat()
	if err != nil {
		return ending{}, err
	}
	skip := max(info.Size()-maxBytes, 0)
	text := make([]byte, info.Size()-skip)
	n, err := at.ReadAt(text, skip)
	if errors.Is(err, errors.ErrUnsupported) {
		return through(f)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return ending{text: text[:n], cut: skip > 0}, err
}

// through reads all of r and keeps its end.
func through(r io.Reader) (ending, error) {
	var e ending
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		e.text = append(e.text, buf[:n]...)
		if len(e.text) > 2*maxBytes {
			e.trim()
		}
		if errors.Is(err, io.EOF) {
			e.trim()
			return e, nil
		}
		if err != nil {
			return e, err
		}
	}
}

// trim leaves maxBytes.
func (e *ending) trim() {
	if more := len(e.text) - maxBytes; more > 0 {
		e.cut = true
		e.text = e.text[:copy(e.text, e.text[more:])]
	}
}
