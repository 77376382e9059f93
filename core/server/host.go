package server

import (
	"context"
	"io"
	"io/fs"
	"iter"
	"os"
	"time"

	"mts/core"
	"mts/core/transport"
	"mts/core/wire"
)

// A host carries out one call: it is the core.Host of all commands and the
// builtin.Control of those that steer the session.
type host struct {
	*session
	text  string
	facts []wire.Fact
	sends bool // a file was sent, or was to be
	start time.Time
	bytes int64

	// What is to happen behind the reply.
	quit     bool
	block    *bool
	startTLS bool
}

// finish does what the call wants done behind its reply.
func (h *host) finish(err error) error {
	if h.block != nil {
		h.out.SetBlock(*h.block)
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
	if err := context.Cause(h.ctx); err != nil {
		return 0, err
	}
	return h.out.Write(p)
}

func (h *host) Open(path string) (fs.File, error) {
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
	h.setState(StateSending)
	h.sends, h.start = true, time.Now()
	var err error
	switch r := r.(type) {
	case *io.SectionReader:
		h.bytes, err = h.sendSection(r)
	case fs.File:
		h.bytes, err = h.sendFile(r)
	default:
		h.bytes, err = io.Copy(struct{ io.Writer }{h}, r)
	}
	return h.bytes, err
}

// sendFile sends a file from where it stands to the end that it has now, and
// looks whether it is still the same afterwards.
func (h *host) sendFile(f fs.File) (int64, error) {
	before, err := f.Stat()
	if err != nil {
		return 0, err
	}
	n, err := h.out.Send(f, before.Size(), h.pace)
	if err != nil {
		return n, err
	}
	after, err := f.Stat()
	if err == nil && replaced(before, after) {
		err = errChanged
	}
	return n, err
}

// replaced reports whether the bytes that were sent may be of two versions. A
// file that has grown, such as a log, still begins with what was sent.
func replaced(before, after fs.FileInfo) bool {
	return after.Size() < before.Size() ||
		after.Size() == before.Size() && !after.ModTime().Equal(before.ModTime())
}

// sendSection sends a part of a file. An *os.File is read from directly, so
// that it can go out by sendfile.
func (h *host) sendSection(s *io.SectionReader) (int64, error) {
	outer, off, n := s.Outer()
	if f, ok := outer.(*os.File); ok {
		if _, err := f.Seek(off, io.SeekStart); err != nil {
			return 0, err
		}
		return h.out.Send(f, n, h.pace)
	}
	return h.out.Send(s, n, h.pace)
}

// pace lets a transfer go on, piece by piece, until the session has to end.
func (h *host) pace(n int64) (int64, error) {
	if err := context.Cause(h.ctx); err != nil {
		return 0, err
	}
	return min(n, transport.MaxPiece), nil
}

// report logs a transfer, and each command for who wants to see them.
func (h *host) report(cmd core.Command, arg string, err error) {
	log := h.server.cfg.Log
	if !h.sends {
		log.Debug("command", "session", h.id, "user", h.user, "verb", cmd.Verb, "err", err)
		return
	}
	h.log("transfer", "user", h.user, "verb", cmd.Verb, "path", arg, "bytes", h.bytes, "dur", time.Since(h.start), "err", err)
}
