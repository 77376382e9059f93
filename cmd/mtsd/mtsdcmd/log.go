package mtsdcmd

import (
	"io"
	"log/slog"
	"os"

	"mts/core/config"
	"mts/core/wire"
)

// newLogger returns the log that cfg asks for, to stderr if it names no file.
func newLogger(cfg *config.Config, stderr io.Writer) (*slog.Logger, io.Closer, error) {
	var w io.Writer = stderr
	closer := io.NopCloser(nil)
	if cfg.Log.File != "" {
		f, err := os.OpenFile(cfg.Log.File, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
		if err != nil {
			return nil, nil, cfg.Errorf("log.file", "%s", err)
		}
		w, closer = f, f
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		return nil, nil, err
	}
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: printable}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts)), closer, nil
	}
	return slog.New(slog.NewTextHandler(w, opts)), closer, nil
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
