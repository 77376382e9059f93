package plugins

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"mts/plugins/internal/link"
)

// How fast a worker's standard error is read. One that writes more has to wait.
const (
	linesRate  = 64 << 10 // bytes a second
	linesBurst = 256 << 10
)

// lines writes what a worker says on its standard error to the log.
type lines struct {
	say  func(line string)
	pace *rate.Limiter

	mu   sync.Mutex
	rest []byte
	last string // the first line of a crash
}

func newLines(say func(string)) *lines {
	return &lines{say: say, pace: rate.NewLimiter(linesRate, linesBurst)}
}

// copy writes what r holds, slowly until ctx ends.
func (l *lines) copy(ctx context.Context, r io.Reader) {
	buf := make([]byte, maxLine)
	for {
		n, err := r.Read(buf)
		l.write(buf[:n])
		if err != nil {
			return
		}
		_ = l.pace.WaitN(ctx, n)
	}
}

func (l *lines) write(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found && len(l.rest) <= maxLine {
			return
		}
		if !found {
			line, rest = l.rest[:maxLine], l.rest[maxLine:]
		}
		l.line(strings.ReplaceAll(string(line), link.Folder, ""))
		l.rest = append([]byte(nil), rest...)
	}
}

func (l *lines) line(s string) {
	if l.last == "" && (strings.HasPrefix(s, "fatal error: ") || strings.HasPrefix(s, "panic: ")) {
		l.last = s
	}
	if s != "" {
		quoted := strconv.Quote(s)
		l.say(quoted[1 : len(quoted)-1])
	}
}

// fatal returns the line that tells of the crash, or "".
func (l *lines) fatal() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}
