package events

import (
	"context"
	"log/slog"
	"slices"

	"mts/core/names"
	"mts/core/wire"
)

// kinds maps messages of the log to the names of events. Other messages aren't
// events.
var kinds = map[string]string{
	"connect":    "connect",
	"login":      "login",
	"refused":    "refused",
	"transfer":   "file",
	"kick":       "kick",
	"disconnect": "disconnect",
	"plugin":     "plugin",
	"command":    "plugin", // that failed; for other commands the level is Debug
	"reload":     "reload",
}

// A handler is the slog.Handler of a Feed. It ignores groups, because the server
// doesn't use any.
type handler struct {
	feed  *Feed
	next  slog.Handler
	attrs []slog.Attr // of the logger
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo && h.feed.watched() || h.next.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo && h.feed.watched() {
		if kind, ok := kinds[r.Message]; ok {
			h.feed.publish(h.event(kind, r))
		}
	}
	if !h.next.Enabled(ctx, r.Level) {
		return nil
	}
	return h.next.Handle(ctx, r)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.feed, h.next.WithAttrs(attrs), slices.Concat(h.attrs, attrs)}
}

func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.feed, h.next.WithGroup(name), h.attrs}
}

func (h *handler) event(kind string, r slog.Record) Event {
	e := Event{Time: r.Time, Event: kind}
	for _, a := range h.attrs {
		e.set(a)
	}
	r.Attrs(func(a slog.Attr) bool { e.set(a); return true })
	return e
}

// set copies an attribute of a log line into the event.
func (e *Event) set(a slog.Attr) {
	switch v := a.Value.Resolve(); a.Key {
	case "session":
		e.Session = number(v)
	case "bytes":
		e.Bytes = int64(number(v))
	case "user":
		e.User = text(v)
	case "remote":
		e.Client = names.Client(text(v))
	case "verb", "event":
		e.Verb = text(v)
	case "path", "part", "plugin":
		e.Path = text(v)
	case "reason", "err":
		e.explain(text(v))
	}
}

// explain adds to Error: a line may have a reason and an error.
func (e *Event) explain(why string) {
	if e.Error != "" && why != "" {
		why = e.Error + ": " + why
	}
	if why != "" {
		e.Error = why
	}
}

func number(v slog.Value) uint64 {
	switch v.Kind() {
	case slog.KindUint64:
		return v.Uint64()
	case slog.KindInt64:
		return uint64(v.Int64())
	}
	return 0
}

func text(v slog.Value) string {
	if v.Kind() == slog.KindAny && v.Any() == nil {
		return ""
	}
	return wire.Printable(v.String())
}
