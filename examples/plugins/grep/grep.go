// Package grep searches a file for the lines that match a pattern.
//
//	GREP PATTERN PATH
//
// prints each such line with its number before it. The pattern is a regular
// expression as RE2 has them (https://go.dev/s/re2syntax): ^ and $ are the ends
// of a line, and (?i) in front ignores case. One with spaces stands in quotes,
// and can't hold a quote followed by a space (\x22 is a quote, too):
//
//	C: GREP "time ?out" logs/today.log
//	S: 17:10:02 client 4: timeout
//	S: #Matches: 1.
//
// It stops after 1000 matches or after 32 MiB; of a line longer than 64 KiB
// the rest is neither searched nor shown. The success line says so. The fact
// matches= has the number. A hard pattern can use up the time that a call may
// compute before that. It has no settings.
package grep

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"mts/core"
)

const (
	maxMatches = 1000
	maxLine    = 64 << 10 // bytes; also how many are searched at once
	maxBytes   = 32 << 20
)

// Commands returns GREP.
func Commands() []core.Command {
	return []core.Command{{
		Verb: "GREP", Args: "PATTERN PATH", Help: "shows the lines of a file that match", Run: grep,
	}}
}

func grep(c *core.Call) error {
	pattern, name := split(c.Arg())
	if pattern == "" || name == "" {
		return core.ErrUsage
	}
	line, err1 := regexp.Compile(pattern)
	lines, err2 := regexp.Compile("(?m:" + pattern + ")")
	if err := cmp.Or(err1, err2); err != nil {
		return core.Errorf(core.CodeUsage, "The pattern is wrong: %v.", err)
	}
	f, err := c.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	s := &search{call: c, line: line, lines: lines, number: 1}
	if err := s.read(f); err != nil {
		return err
	}
	c.Fact("matches", fmt.Sprint(s.matches))
	c.Reply("%v", s)
	return nil
}

// split takes the argument apart. What is missing is empty.
func split(arg string) (pattern, name string) {
	end := " "
	if quoted, ok := strings.CutPrefix(arg, `"`); ok {
		arg, end = quoted, `" `
	}
	pattern, name, _ = strings.Cut(arg, end)
	return pattern, name
}

// A search looks at many lines at once, because an interpreted loop over all
// lines would take too long: only one that seems to match is looked at alone.
type search struct {
	call    *core.Call
	line    *regexp.Regexp // of a line alone
	lines   *regexp.Regexp // the same, of many; may match across their ends
	number  int            // of the next line
	bytes   int
	matches int
	long    int  // lines that were too long
	stopped bool // before the end
}

func (s *search) read(f io.Reader) error {
	in := bufio.NewReaderSize(f, maxLine)
	for !s.stopped {
		block, err := in.Peek(maxLine)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(block) == 0 {
			return nil
		}
		if s.bytes >= maxBytes {
			s.stopped = true
			return nil
		}
		if err := s.next(in, block); err != nil {
			return err
		}
	}
	return nil
}

// next searches the lines of the block, which in is about to give.
func (s *search) next(in *bufio.Reader, block []byte) error {
	end := bytes.LastIndexByte(block, '\n') + 1
	if end == 0 {
		end = len(block) // of a long line, or of the last
	}
	if err := s.search(bytes.ReplaceAll(block[:end], []byte("\r\n"), []byte("\n"))); err != nil {
		return err
	}
	whole := block[end-1] == '\n' || end < maxLine
	s.bytes += end
	if _, err := in.Discard(end); err != nil || whole {
		return err
	}
	s.long++
	return s.skip(in)
}

// search shows the lines of the block that match.
func (s *search) search(block []byte) error {
	for len(block) > 0 {
		at := s.lines.FindIndex(block)
		if at == nil {
			break
		}
		start := bytes.LastIndexByte(block[:at[0]], '\n') + 1
		s.number += bytes.Count(block[:start], []byte("\n"))
		line, rest, ended := bytes.Cut(block[start:], []byte("\n"))
		if start < len(block) && s.line.Match(line) {
			if err := s.show(line); err != nil || s.stopped {
				return err
			}
		}
		if ended {
			s.number++
		}
		block = rest
	}
	s.number += bytes.Count(block, []byte("\n"))
	return nil
}

func (s *search) show(line []byte) error {
	if s.matches == maxMatches {
		s.stopped = true
		return nil
	}
	s.matches++
	_, err := fmt.Fprintf(s.call, "%d:%s\n", s.number, line)
	return err
}

// skip leaves out the rest of a line.
func (s *search) skip(in *bufio.Reader) error {
	for s.bytes < maxBytes {
		rest, err := in.ReadSlice('\n')
		s.bytes += len(rest)
		if err == nil || errors.Is(err, io.EOF) {
			s.number++
			return nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
	return nil
}

// String sums up what was found.
func (s *search) String() string {
	text := fmt.Sprintf("Matches: %d.", s.matches)
	if s.stopped {
		text += " Stopped there, the rest was not searched."
	}
	if s.long > 0 {
		text += fmt.Sprintf(" Lines that were cut at %d bytes: %d.", maxLine, s.long)
	}
	return text
}
