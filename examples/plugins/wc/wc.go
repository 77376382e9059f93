// Package wc counts the lines, words and bytes of a file, as wc(1) does.
//
//	WC PATH
//
// prints one line, the three numbers and the path:
//
//	C: WC pub/notes.txt
//	S:  12  80 512 pub/notes.txt
//	S: #OK.
//
// A line is what ends in LF; a last one without it doesn't count. Words are
// separated by white space as Unicode defines it.
//
// It has no settings. A file may be as large as can be counted within the time
// that a call may compute: with 2 s, about 200 MB.
package wc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"

	"mts/core"
)

// chunk is how many bytes are counted at once.
const chunk = 64 << 10

// Commands returns WC.
func Commands() []core.Command {
	return []core.Command{{Verb: "WC", Args: "PATH", Help: "counts lines, words and bytes", Run: wc}}
}

func wc(c *core.Call) error {
	f, err := c.Open(c.Arg())
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := count(f)
	if err != nil {
		return err
	}
	c.Printf("%v %s\n", n, c.Arg())
	return nil
}

type counts struct {
	lines, words, bytes int64
	inWord              bool // the last character was part of a word
}

// String returns the numbers in columns of one width.
func (n counts) String() string {
	width := len(fmt.Sprint(n.bytes))
	return fmt.Sprintf("%*d %*d %*d", width, n.lines, width, n.words, width, n.bytes)
}

// count reads r to its end. Package bytes does the work: an interpreted loop
// over bytes would take a hundred times as long.
func count(r io.Reader) (counts, error) {
	var n counts
	buf := make([]byte, chunk)
	held := 0 // bytes of a character that the last read cut in two
	for {
		m, err := r.Read(buf[held:])
		b := buf[:held+m]
		end := len(b)
		if err == nil {
			end = whole(b)
		}
		n.add(b[:end])
		held = copy(buf, b[end:])
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// whole returns where the last character of b begins, if it isn't complete,
// and the length of b otherwise.
func whole(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if utf8.FullRune(b[i:]) {
				return len(b)
			}
			return i
		}
	}
	return len(b)
}

// add counts the characters of b, which may begin within a word.
func (n *counts) add(b []byte) {
	if len(b) == 0 {
		return
	}
	n.bytes += int64(len(b))
	n.lines += int64(bytes.Count(b, []byte("\n")))
	n.words += int64(len(bytes.Fields(b)))
	first, _ := utf8.DecodeRune(b)
	if n.inWord && !unicode.IsSpace(first) {
		n.words--
	}
	last, _ := utf8.DecodeLastRune(b)
	n.inWord = !unicode.IsSpace(last)
}
