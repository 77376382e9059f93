package worker

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"sync"

	"mts/core"
	"mts/plugins/internal/link"
)

// A host is what a script's call talks to: it asks the parent. When the call
// has ended, it does nothing any more.
type host struct {
	*instance
	call    uint32
	script  context.Context // of the interpreter
	ctx     context.Context // of the call
	session core.Session

	mu      sync.Mutex // one request at a time
	ended   bool
	sending bool
}

var (
	errEnded   = errors.New("the call has ended")
	errSending = errors.New("a Send is under way")
)

func (h *host) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
}

// alive says why nothing may be sent. Call it with mu held.
func (h *host) alive() error {
	if h.ended {
		return errEnded
	}
	return context.Cause(h.ctx)
}

// ask sends a request and returns its answer; each gets the items before it.
func (h *host) ask(each func(link.Texts), op link.Op, texts ...string) (link.Texts, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.alive(); err != nil {
		return nil, err
	}
	if err := h.conn.Send(op, h.call, texts...); err != nil {
		return nil, err
	}
	return h.answer(each)
}

func (h *host) answer(each func(link.Texts)) (link.Texts, error) {
	for {
		select {
		case a := <-h.answers:
			texts := link.Texts(a.payload)
			switch {
			case a.call != h.call:
			case a.op == link.Result:
				err := texts.Err()
				return texts, err
			default:
				each(texts)
			}
		case <-h.script.Done():
			return nil, context.Cause(h.script)
		}
	}
}

// tell sends what has no answer.
func (h *host) tell(op link.Op, texts ...string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.alive(); err != nil {
		return err
	}
	return h.conn.Put(op, h.call, texts...)
}

func (h *host) Session() core.Session { return h.session }

func (h *host) Write(p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for n < len(p) {
		if err := h.alive(); err != nil {
			return n, err
		}
		chunk := p[n:min(len(p), n+link.Chunk)]
		if err := h.conn.PutBytes(link.Data, h.call, chunk); err != nil {
			return n, err
		}
		n += len(chunk)
	}
	return n, nil
}

// Send leaves a file of the exports, or a part of one, to the parent.
func (h *host) Send(r io.Reader) (int64, error) {
	switch r := r.(type) {
	case *file:
		return h.sendFile(r, r.off, -1)
	case *io.SectionReader:
		outer, off, n := r.Outer()
		if f, ok := outer.(*file); ok {
			return h.sendFile(f, off, n)
		}
	}
	return h.copy(r)
}

func (h *host) sendFile(f *file, off, n int64) (int64, error) {
	texts, err := h.ask(nil, link.SendFile, f.handle, link.Int(off), link.Int(n))
	return texts.Int(), err
}

// copy sends what r holds. That may ask the parent for something, but not send
// in turn.
func (h *host) copy(r io.Reader) (int64, error) {
	h.mu.Lock()
	err := h.alive()
	if err == nil && h.sending {
		err = errSending
	}
	if err == nil {
		err = h.conn.Put(link.Send, h.call)
	}
	h.sending = h.sending || err == nil
	h.mu.Unlock()
	if err != nil {
		return 0, err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{h}, r, make([]byte, link.Chunk))
	texts, sent := h.ask(nil, link.SendEnd, link.ErrorTexts(err)...)
	h.mu.Lock()
	h.sending = false
	h.mu.Unlock()
	if err == nil {
		err = sent
	}
	return texts.Int(), err
}

func (h *host) Open(path string) (fs.File, error) {
	texts, err := h.ask(nil, link.Open, path)
	if err != nil {
		return nil, err
	}
	return &file{host: h, path: path, handle: texts.Next()}, nil
}

func (h *host) Stat(path string) (core.Info, error) {
	texts, err := h.ask(nil, link.Stat, path)
	return texts.Info(), err
}

func (h *host) List(path string) (iter.Seq2[core.Info, error], error) {
	var infos []core.Info
	_, err := h.ask(func(t link.Texts) { infos = append(infos, t.Info()) }, link.List, path)
	if err != nil && len(infos) == 0 {
		return nil, err
	}
	return func(yield func(core.Info, error) bool) {
		for _, info := range infos {
			if !yield(info, nil) {
				return
			}
		}
		if err != nil {
			yield(core.Info{}, err)
		}
	}, nil
}

func (h *host) Reply(text string)       { h.tell(link.Reply, text) }
func (h *host) Fact(name, value string) { h.tell(link.Fact, name, value) }
func (h *host) Logf(text string)        { h.tell(link.Log, text) }

func (h *host) Sessions() []core.Session {
	var all []core.Session
	h.ask(func(t link.Texts) { all = append(all, t.Session()) }, link.Sessions)
	return all
}

func (h *host) Notify(filter, text string) (int, error) {
	texts, err := h.ask(nil, link.Notify, filter, text)
	return int(texts.Int()), err
}

func (h *host) Load(key string) (string, bool) {
	texts, err := h.ask(nil, link.Load, key)
	value, found := texts.Next(), texts.Next()
	return value, err == nil && found != ""
}

func (h *host) Save(key, value string) error {
	_, err := h.ask(nil, link.Save, key, value)
	return err
}
