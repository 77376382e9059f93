package plugins

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
)

// lines writes what a worker says on its standard error to the log. The stacks
// of a crash are left out: they are the interpreter's own.
type lines struct {
	plugin *plugin

	mu    sync.Mutex
	rest  []byte
	last  string // the first line of a crash
	quiet bool
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found && len(l.rest) <= maxLine {
			return len(p), nil
		}
		if !found {
			line, rest = l.rest[:maxLine], l.rest[maxLine:]
		}
		l.line(trimFolder(string(line)))
		l.rest = append([]byte(nil), rest...)
	}
}

func (l *lines) line(s string) {
	if strings.HasPrefix(s, "goroutine ") || strings.HasPrefix(s, "runtime stack:") {
		l.quiet = true
	}
	if strings.HasPrefix(s, "fatal error: ") || strings.HasPrefix(s, "panic: ") {
		l.last = s
	}
	if !l.quiet && s != "" && l.plugin.set.notes.Allow() {
		quoted := strconv.Quote(s)
		l.plugin.set.cfg.Log.Warn("plugin", "plugin", l.plugin.name, "stderr", quoted[1:len(quoted)-1])
	}
}

// fatal returns the line that tells of the crash, or "".
func (l *lines) fatal() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}
