package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"mts/core"
	"mts/plugins/internal/link"
)

// An instance serves calls, one after the other.
type instance struct {
	conn    *link.Conn
	calls   chan request
	answers chan answer

	mu     sync.Mutex
	ctx    context.Context // of the interpreter
	stop   context.CancelCauseFunc
	cancel context.CancelCauseFunc // ends the call of that number
	call   uint32
}

// A request is a call to be run.
type request struct {
	id      uint32
	payload link.Texts
}

// An answer is one frame of what the parent says to a request of a script.
type answer struct {
	op      link.Op
	call    uint32
	payload []byte
}

// serve loads the plugin and serves calls, and does so again after the parent
// has stopped the interpreter. It returns when the plugin can't be loaded, or
// was only to be checked; the end of the pipe ends the process.
func (p *plugin) serve(conn *link.Conn, lacks string) {
	i := &instance{conn: conn, calls: make(chan request), answers: make(chan answer, 1)}
	ctx := i.begin()
	go i.read()
	for {
		s, ready := p.start(ctx)
		ready.Lacks = lacks
		if conn.Send(link.Loaded, 0, ready.Texts()...) != nil || ready.Err != nil || p.Check {
			return
		}
		i.serve(ctx, s)
		<-s.evaluated
		ctx = i.begin()
	}
}

// begin returns the context of a new interpreter.
func (i *instance) begin() context.Context {
	ctx, stop := context.WithCancelCause(context.Background())
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ctx, i.stop, i.cancel = ctx, stop, func(error) {}
	return ctx
}

// serve runs calls until the interpreter is stopped.
func (i *instance) serve(ctx context.Context, s *script) {
	for ctx.Err() == nil {
		select {
		case r := <-i.calls:
			err := i.run(ctx, s, r)
			if i.conn.Send(link.Done, r.id, link.ErrorTexts(err)...) != nil {
				os.Exit(1)
			}
		case <-ctx.Done():
		}
	}
}

// read takes what the parent sends, also while the script computes.
func (i *instance) read() {
	for {
		f, err := i.conn.Receive()
		if err != nil {
			os.Exit(0) // whatever still runs
		}
		texts := link.Texts(f.Payload)
		switch f.Op {
		case link.Call:
			i.calls <- request{id: f.Call, payload: append(link.Texts(nil), f.Payload...)}
		case link.Kill, link.Cancel:
			i.end(f.Op, f.Call, texts.Err())
		default:
			i.answer(answer{f.Op, f.Call, append([]byte(nil), f.Payload...)})
		}
	}
}

// answer hands an answer to the script that asked, if that wasn't stopped.
func (i *instance) answer(a answer) {
	i.mu.Lock()
	ctx := i.ctx
	i.mu.Unlock()
	select {
	case i.answers <- a:
	case <-ctx.Done():
	}
}

// end ends the interpreter or the call, if that one still runs.
func (i *instance) end(op link.Op, call uint32, cause error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case op == link.Kill:
		i.stop(cause)
	case call == i.call:
		i.cancel(cause)
	}
}

// run runs one call. A panic ends this call alone.
func (i *instance) run(ctx context.Context, s *script, r request) (err error) {
	callCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(context.Canceled)
	i.mu.Lock()
	i.call, i.cancel = r.id, cancel
	i.mu.Unlock()
	h := &host{instance: i, call: r.id, script: ctx, ctx: callCtx}
	defer h.end()
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(os.Stderr, "panic: %v\n", p)
			err = core.Errorf(core.CodePluginFailed, "The plugin failed.")
		}
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
	}()
	kind, name, arg := r.payload.Next(), r.payload.Next(), r.payload.Next()
	h.session = r.payload.Session()
	return s.run(kind, name, core.NewCall(callCtx, h, arg), &r.payload)
}

// run calls what a call names.
func (s *script) run(kind, name string, call *core.Call, rest *link.Texts) error {
	switch kind {
	case link.KindClose:
		if s.close != nil {
			s.close()
		}
		return nil
	case link.KindHook:
		return link.RunHook(s.hooks, name, call, rest)
	}
	for _, c := range s.commands {
		if c.Verb == name {
			return c.Run(call)
		}
	}
	return errors.New("no verb " + name)
}
