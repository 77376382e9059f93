package server

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"strings"
	"time"

	"mts/core"
	"mts/core/transport"
	"mts/core/wire"
)

// A host carries out one call: it is the core.Host of all commands and the
// builtin.Control of those that steer the session.
type host struct {
	*session
	plugin string // whose verb it is, "" for a built-in one
	path   string // of the file that was opened last, cleaned
	text   string
	facts  []wire.Fact
	sends  bool // a file was sent, or was to be
	start  time.Time
	bytes  int64
	paced  int64 // of the data sent, what has been counted already

	// What is to happen behind the reply.
	block    *bool
	startTLS bool

	end error // instead of a reply, the session ends like this
}

// finish does what the call wants done behind its reply.
func (h *host) finish(err error) error {
	if h.block != nil {
		h.out.SetBlock(*h.block)
		h.listens.Store(h.notices || *h.block)
	}
	if err == nil && h.startTLS {
		return h.upgrade()
	}
	return err
}

func (h *host) Session() core.Session { return h.info() }
func (h *host) Reply(text string)     { h.text = text }
func (h *host) Fact(name, value string) {
	h.facts = append(h.facts, wire.Fact{Name: name, Value: value})
}

func (h *host) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		some, err := h.maySend(int64(len(p) - n))
		if err != nil {
			return n, err
		}
		m, err := h.out.Write(p[n : n+int(some)])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// maySend returns how much of n bytes may be sent now, once the limits let it,
// unless the session or the command has to end.
func (h *host) maySend(n int64) (int64, error) {
	if err := context.Cause(h.ctx); err != nil {
		return 0, err
	}
	if h.aborting.Load() && h.out.Whole() {
		return 0, errAborted
	}
	return h.limits.Bytes(h.ctx, min(n, transport.MaxPiece))
}

func (h *host) Open(path string) (fs.File, error) {
	if err := h.beforeOpen(path); err != nil {
		return nil, err
	}
	return h.open(path)
}

func (h *host) open(path string) (fs.File, error) {
	if h.tree == nil {
		return nil, fs.ErrNotExist
	}
	return h.tree.Open(path)
}

func (h *host) Stat(path string) (core.Info, error) {
	if h.tree == nil {
		return core.Info{}, fs.ErrNotExist
	}
	return h.tree.Stat(path)
}

func (h *host) List(path string) (iter.Seq2[core.Info, error], error) {
	if h.tree == nil {
		return nil, fs.ErrNotExist
	}
	return h.tree.List(path)
}

// Send sends a source whose size is known in blocks of that size, and copies
// any other.
func (h *host) Send(r io.Reader) (int64, error) {
	h.sends, h.start = true, time.Now()
	h.sendJob(h.path, h.start)
	var err error
	switch r := r.(type) {
	case *io.SectionReader:
		h.bytes, err = h.sendSection(r)
	case fs.File:
		h.bytes, err = h.sendFile(r, r, -1)
	default:
		h.bytes, err = io.Copy(struct{ io.Writer }{h}, r)
	}
	if errors.Is(err, wire.ErrShort) {
		err = errChanged
	}
	return h.bytes, err
}

// sendFile sends n bytes of f from r, or all that it has now if n is negative,
// and looks whether the file is still the same afterwards.
func (h *host) sendFile(f fs.File, r io.Reader, n int64) (int64, error) {
	before, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if n < 0 {
		n = before.Size()
	}
	h.mu.Lock()
	h.job.size = n
	h.mu.Unlock()
	sent, err := h.out.Send(r, n, h.pace)
	if err != nil {
		return sent, err
	}
	after, err := f.Stat()
	if err == nil && replaced(before, after) {
		err = errChanged
	}
	return sent, err
}

// replaced reports whether the bytes that were sent may be of two versions. A
// file that has grown, such as a log, still begins with what was sent.
func replaced(before, after fs.FileInfo) bool {
	return after.Size() < before.Size() ||
		after.Size() == before.Size() && !after.ModTime().Equal(before.ModTime())
}

// sendSection sends a part of a file. One that can seek is read from directly,
// so that it can go out by sendfile.
func (h *host) sendSection(s *io.SectionReader) (int64, error) {
	outer, off, n := s.Outer()
	f, ok := outer.(fs.File)
	if !ok {
		return h.out.Send(s, n, h.pace)
	}
	seeker, ok := f.(io.Seeker)
	if !ok {
		return h.sendFile(f, s, n)
	}
	if _, err := seeker.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	return h.sendFile(f, f, n)
}

// pace lets a transfer go on, piece by piece, until the session has to end.
func (h *host) pace(n int64) (int64, error) {
	n, err := h.maySend(n)
	if err != nil {
		return 0, err
	}
	h.sent.Add(n)
	h.paced += n
	h.server.counters.bytes.Add(n)
	return n, nil
}

// report logs a transfer, and each command for who wants to see them.
func (h *host) report(cmd core.Command, arg string, err error) {
	if h.sends {
		h.server.counters.transferred(err)
		h.done(err)
	}
	log := h.server.cfg.Log
	switch {
	case h.sends && log.Enabled(h.ctx, slog.LevelInfo):
		h.log("transfer", "user", h.user, "verb", cmd.Verb, "path", wire.Printable(h.path), "bytes", h.bytes, "dur", time.Since(h.start), "err", err)
	case h.plugin != "" && err != nil && brokenPlugin(err):
		h.log("command", "user", h.user, "verb", cmd.Verb, "plugin", h.plugin, "err", err)
	case !h.sends && log.Enabled(h.ctx, slog.LevelDebug):
		log.Debug("command", "session", h.id, "user", h.user, "verb", cmd.Verb, "err", err)
	}
}

// brokenPlugin reports whether a plugin failed, rather than refused something.
func brokenPlugin(err error) bool {
	told := (*core.Error)(nil)
	return errors.As(err, &told) && (told.Code == core.CodePluginFailed || told.Code == core.CodePluginTimeout)
}

// Sessions returns a snapshot of all sessions.
func (h *host) Sessions() []core.Session { return h.server.Sessions() }

// Notify sends a notice to the sessions that filter selects.
func (h *host) Notify(filter, text string) (int, error) {
	f, err := ParseFilter(strings.Fields(filter))
	if err != nil {
		return 0, err
	}
	return len(h.server.Notify(f, text)), nil
}

// Logf writes a line to the log.
func (h *host) Logf(text string) { h.note(h.plugin, text) }

func (h *host) note(plugin, text string) {
	h.log("note", "user", wire.Printable(h.user), "plugin", plugin, "text", text)
}

var errNoStore = errors.New("built-in verbs have no store")

// Load and Save are for plugins, whose supervisor keeps their stores.
func (h *host) Load(string) (string, bool) { return "", false }

func (h *host) Save(string, string) error { return errNoStore }
