package mtsdcmd

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"mts/core/config"
	"mts/core/events"
	"mts/core/logsink"
	"mts/core/wire"
)

// A journal is the daemon's log, and what operators may do to it while the
// server runs: change its level, rotate its file, watch it.
type journal struct {
	*slog.Logger
	level slog.LevelVar
	feed  events.Feed
	sink  *logsink.Sink

	mu   sync.Mutex
	path string   // as configured, "" for standard error
	file *os.File // nil: standard error
}

// flushTime bounds how long the last lines may take to be written.
const flushTime = time.Second

// openJournal returns the log that cfg asks for, to stderr if it names no file.
// Whatever becomes of either, logging never fails and never waits.
func openJournal(cfg *config.Config, stderr io.Writer) (*journal, error) {
	j := &journal{path: cfg.Log.File}
	if err := j.level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		return nil, err
	}
	target := stderr
	if j.path != "" {
		f, err := logsink.Open(j.path)
		if err != nil {
			return nil, cfg.Errorf("log.file", "%s", err)
		}
		target, j.file = f, f
	}
	j.sink = logsink.New(target, func(lost int64) []byte {
		var line bytes.Buffer
		slog.New(logHandler(&line, cfg.Log.Format, nil)).Warn("log lines dropped", "n", lost)
		return line.Bytes()
	})
	j.Logger = slog.New(j.feed.Handler(logHandler(j.sink, cfg.Log.Format, &j.level)))
	return j, nil
}

// discard returns a journal that keeps nothing.
func discard() *journal { return &journal{Logger: slog.New(slog.DiscardHandler)} }

// reopen opens the log file anew, in case it has been renamed. If that fails,
// the lines go on into the old one.
func (j *journal) reopen() error {
	j.mu.Lock()
	path := j.path
	j.mu.Unlock()
	if path == "" {
		return nil
	}
	return j.writeTo(path)
}

// writeTo makes the file the one that lines are written to from now on. If it
// can't be opened, nothing changes.
func (j *journal) writeTo(path string) error {
	f, err := logsink.Open(path)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sink.Redirect(f)
	if j.file != nil {
		j.file.Close()
	}
	j.path, j.file = path, f
	return nil
}

// close writes what is left, for a second at most.
func (j *journal) close() {
	j.sink.Close(flushTime)
	if j.file != nil {
		j.file.Close()
	}
}

func logHandler(w io.Writer, format string, level slog.Leveler) slog.Handler {
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: printable}
	if format == "json" {
		return slog.NewJSONHandler(w, opts)
	}
	return slog.NewTextHandler(w, opts)
}

// printable makes every value fit for a terminal, since clients choose some of
// them, and leaves out an error that is nil.
func printable(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(wire.Printable(a.Value.String()))
	case slog.KindAny:
		switch v := a.Value.Any().(type) {
		case nil:
			return slog.Attr{}
		case error:
			a.Value = slog.StringValue(wire.Printable(v.Error()))
		}
	}
	return a
}
