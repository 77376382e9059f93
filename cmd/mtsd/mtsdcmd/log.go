package mtsdcmd

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"time"

	"mts/core/config"
	"mts/core/events"
	"mts/core/logsink"
	"mts/core/wire"
)

// A journal is the daemon's log. While the server runs, its level can change, its
// file can be rotated, and operators can follow it.
type journal struct {
	*slog.Logger
	level slog.LevelVar
	feed  events.Feed
	sink  *logsink.Sink
	path  string   // as configured, "" for standard error
	file  *os.File // nil: standard error
}

// flushTime is how long writing the last lines may take.
const flushTime = time.Second

// openJournal returns the log that cfg describes, to stderr if it names no file.
// Logging never fails and never waits, whatever happens to the file or stderr.
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

// discard returns a journal that drops all lines.
func discard() *journal { return &journal{Logger: slog.New(slog.DiscardHandler)} }

// reopen opens the log file again, in case it has been renamed. If that fails,
// the lines go on into the old one. One goroutine at a time may call it.
func (j *journal) reopen() error {
	if j.path == "" {
		return nil
	}
	f, err := logsink.Open(j.path)
	if err != nil {
		return err
	}
	j.sink.Redirect(f)
	j.file.Close()
	j.file = f
	return nil
}

// close writes the lines that are left, for a second at most.
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

// printable makes every value safe to show on a terminal, since clients choose
// some of them. It leaves out errors that are nil.
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
