package clientcmd

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"mts/core"
	"mts/core/client"
	"mts/core/wire"
)

// A stream is the target of files that go to stdout.
type stream struct {
	w       io.Writer
	written bool
}

func (s *stream) Write(b []byte) (int, error) {
	s.written = s.written || len(b) > 0
	return s.w.Write(b)
}

var errTaken = errors.New("output has begun, so the transfer can't be repeated")

func (s *stream) restart() error {
	if s.written {
		return fmt.Errorf("%w: %w", client.ErrIntegrity, errTaken)
	}
	return nil
}

func (s *stream) hash() (string, error) { return "", fmt.Errorf("%w: %w", errChanged, errTaken) }

func (s *stream) setVersion(core.Info) error { return nil }

// data returns the writer for the data of replies: stdout, or a writer that makes
// them printable if stdout is a terminal.
func (a *app) data() io.Writer {
	if isTerminal(a.screen) {
		return &escaper{w: a.stdout}
	}
	return a.stdout
}

// An escaper makes text printable, except for newlines and tabs.
type escaper struct {
	w    io.Writer
	rest string // an incomplete character
}

func (e *escaper) Write(p []byte) (int, error) {
	s := e.rest + string(p)
	end := len(s)
	for i := max(0, end-utf8.UTFMax); i < end; i++ {
		if !utf8.FullRuneInString(s[i:]) {
			end = i
		}
	}
	s, e.rest = s[:end], s[end:]
	var b strings.Builder
	for i := strings.IndexAny(s, "\n\t"); i >= 0; i = strings.IndexAny(s, "\n\t") {
		b.WriteString(wire.Printable(s[:i]))
		b.WriteByte(s[i])
		s = s[i+1:]
	}
	b.WriteString(wire.Printable(s))
	_, err := io.WriteString(e.w, b.String())
	return len(p), err
}
