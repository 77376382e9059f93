package worker

import (
	"context"
	"errors"
	"fmt"
	"os"

	"mts/core"
	"mts/plugins/internal/link"
)

// An instance serves the calls of one stream, one after the other.
type instance struct {
	conn    *link.Conn
	ctx     context.Context // ends with the instance
	stop    context.CancelCauseFunc
	calls   chan request
	answers chan answer

	// Of the reader alone.
	call   uint32
	cancel context.CancelCauseFunc
}

// A request is a call to be run.
type request struct {
	id      uint32
	ctx     context.Context
	cancel  context.CancelCauseFunc
	payload link.Texts
}

// An answer is one frame of what the parent says to a request of a script.
type answer struct {
	op      link.Op
	call    uint32
	payload []byte
}

var errGone = errors.New("the server has let go of the plugin")

// instance loads the plugin and serves calls until the parent ends it.
func (p *plugin) instance(conn *link.Conn) {
	ctx, stop := context.WithCancelCause(context.Background())
	i := &instance{conn: conn, ctx: ctx, stop: stop, calls: make(chan request), answers: make(chan answer, 1)}
	go i.read()
	defer stop(errGone)
	s, err := p.load(ctx, stop)
	if err != nil {
		conn.Send(link.Ready, 0, link.ErrorTexts(err)...)
		return
	}
	if err := conn.Send(link.Ready, 0, describe(s, p.warning)...); err != nil {
		return
	}
	for {
		select {
		case r := <-i.calls:
			err := i.run(s, r)
			r.cancel(context.Canceled)
			if conn.Send(link.Done, r.id, link.ErrorTexts(err)...) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// read takes what the parent sends, also while the script computes.
func (i *instance) read() {
	defer i.stop(errGone)
	for {
		f, err := i.conn.Receive()
		if err != nil {
			return
		}
		texts := link.Texts(f.Payload)
		switch {
		case f.Op == link.Kill:
			i.stop(texts.Err())
		case f.Op == link.Call:
			if !i.begin(f) {
				return
			}
		case f.Call != i.call:
		case f.Op == link.Cancel:
			i.cancel(texts.Err())
		default:
			select {
			case i.answers <- answer{f.Op, f.Call, append([]byte(nil), f.Payload...)}:
			case <-i.ctx.Done():
				return
			}
		}
	}
}

func (i *instance) begin(f link.Frame) bool {
	r := request{id: f.Call, payload: append(link.Texts(nil), f.Payload...)}
	r.ctx, r.cancel = context.WithCancelCause(i.ctx)
	i.call, i.cancel = f.Call, r.cancel
	select {
	case i.calls <- r:
		return true
	case <-i.ctx.Done():
		r.cancel(nil)
		return false
	}
}

// describe returns what the parent has to know about a script.
func describe(s *script, warning string) []string {
	texts := append(link.ErrorTexts(nil), warning)
	for _, name := range hookNames(s.hooks) {
		texts = append(texts, "hook", name)
	}
	for _, c := range s.commands {
		texts = append(texts, "verb", c.Verb, c.Args, c.Help, link.Bool(c.Open), link.Bool(c.Run != nil))
	}
	return texts
}

func hookNames(h core.Hooks) (names []string) {
	for _, hook := range []struct {
		name string
		set  bool
	}{{"Connect", h.Connect != nil}, {"Login", h.Login != nil}, {"Open", h.Open != nil}, {"Done", h.Done != nil}} {
		if hook.set {
			names = append(names, hook.name)
		}
	}
	return names
}

// run runs one call. A panic ends this call alone.
func (i *instance) run(s *script, r request) (err error) {
	h := &host{instance: i, call: r.id, ctx: r.ctx}
	defer h.end()
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(os.Stderr, "panic: %v\n", p)
			err = core.Errorf(core.CodePluginFailed, "The plugin failed.")
		}
		if cause := context.Cause(i.ctx); cause != nil {
			err = cause
		}
	}()
	kind, name, arg := r.payload.Next(), r.payload.Next(), r.payload.Next()
	h.session = r.payload.Session()
	call := core.NewCall(r.ctx, h, arg)
	if kind == "close" {
		if s.close != nil {
			s.close()
		}
		return nil
	}
	if kind == "hook" {
		return hook(s.hooks, name, call, &r.payload)
	}
	for _, c := range s.commands {
		if c.Verb == name {
			return c.Run(call)
		}
	}
	return fmt.Errorf("no verb %q", name)
}

func hook(h core.Hooks, name string, call *core.Call, rest *link.Texts) error {
	switch name {
	case "Connect":
		return h.Connect(call)
	case "Login":
		return h.Login(call)
	case "Open":
		return h.Open(call)
	case "Done":
		h.Done(call, rest.Int(), rest.Err())
		return nil
	}
	return fmt.Errorf("no hook %q", name)
}
