package plugins

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"mts/core"
	"mts/plugins/internal/link"
)

var (
	errFailed  = core.Errorf(core.CodePluginFailed, "The plugin failed.")
	errTimeout = core.Errorf(core.CodePluginTimeout, "The plugin took too long.")
	errBusy    = core.Errorf(core.CodeBusy, "The plugin is busy.")
)

// failed returns errFailed with a cause for the log.
func failed(err error) error {
	return &core.Error{Code: errFailed.Code, Text: errFailed.Text, Err: err}
}

// failure returns the code of an error that the client may see, or "".
func failure(err error) core.Code {
	var told *core.Error
	if errors.As(err, &told) {
		return told.Code
	}
	return ""
}

// run runs a call in an instance of its own.
func (g *generation) run(call *core.Call, kind, name string, extra []string) error {
	ctx := call.Context()
	if kind == link.KindVerb {
		if err := g.verbs.enter(ctx, g.plugin.set.cfg.Timeout); err != nil {
			return err
		}
		defer g.verbs.leave()
	}
	i, err := g.take(ctx)
	if err != nil {
		return err
	}
	x := &exchange{instance: i, plugin: g.plugin, host: call, timeout: g.plugin.set.cfg.Timeout}
	texts := append([]string{kind, name, call.Arg()}, link.SessionTexts(call.Session())...)
	return x.run(ctx, g, append(texts, extra...))
}

// turns are the calls of verbs that may run at once; nil is any number.
type turns chan struct{}

// enter waits for a turn, which has to be given back with leave.
func (t turns) enter(ctx context.Context, timeout time.Duration) error {
	if t == nil {
		return nil
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return errBusy
	}
}

func (t turns) leave() {
	if t != nil {
		<-t
	}
}

// An exchange is one call as it runs: the script asks, the host answers.
type exchange struct {
	*instance
	plugin  *plugin
	host    *core.Call
	timeout time.Duration // of what the script computes
	files   handles
	pushed  *link.Frame // a frame that was read too early
	facts   int         // bytes of facts so far
	told    int         // frames that had no answer
	toldLen int         // bytes of them
	broken  bool        // the client can't be reached, and the script knows
}

// run returns what the script returned, or why it didn't get to.
func (x *exchange) run(ctx context.Context, g *generation, texts []string) error {
	defer x.files.close()
	result, err := x.do(ctx, texts)
	switch {
	case err == nil:
		g.put(x.instance)
		return result
	case ctx.Err() != nil:
		g.restart(x.instance, errFailed)
		return context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		g.restart(x.instance, errTimeout)
		return errTimeout
	case errors.Is(err, errProtocol), errors.Is(err, link.ErrTooLarge):
		x.kill(err)
	}
	defer x.kill(err) // a broken link is of no use, even if the process goes on
	return failed(x.lost(err))
}

// do has the script run the call, which ends with ctx. The error says why the
// link is of no use any more.
func (x *exchange) do(ctx context.Context, texts []string) (result, err error) {
	x.reading.Lock()
	defer x.reading.Unlock()
	x.begin(x.timeout)
	defer x.pause()
	canceled := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(canceled)
		x.cancel(context.Cause(ctx))
	})
	result, err = x.talk(texts)
	if !stop() {
		<-canceled // what it sends is about this call
	}
	return result, err
}

// talk answers what the script asks until it returns its result.
func (x *exchange) talk(texts []string) (result, err error) {
	if err := x.send(x.timeout, link.Call, texts...); err != nil {
		return nil, err
	}
	for {
		f, err := x.next()
		if err != nil {
			return nil, err
		}
		if f.Op == link.Done {
			t := link.Texts(f.Payload)
			return t.Err(), nil
		}
		if err := x.answer(f); err != nil {
			return nil, err
		}
	}
}

func (x *exchange) next() (link.Frame, error) {
	if f := x.pushed; f != nil {
		x.pushed = nil
		return *f, nil
	}
	return x.receive()
}

// result ends the answer to a request.
func (x *exchange) result(err error, texts ...string) error {
	return x.send(x.timeout, link.Result, append(link.ErrorTexts(err), texts...)...)
}

// item sends, sooner or later, one of several elements of an answer.
func (x *exchange) item(texts []string) error {
	x.stdin.SetWriteDeadline(time.Now().Add(x.timeout))
	return x.conn.Put(link.Item, x.call, texts...)
}

// write passes data on to the client.
func (x *exchange) write(p []byte) {
	if x.broken {
		return
	}
	x.pause()
	_, err := x.host.Write(p)
	x.resume()
	if err != nil {
		x.broken = true
		x.cancel(err)
	}
}

// A flow is the data of a Send that comes from the script.
type flow struct {
	*exchange
	rest  []byte
	end   error
	ended bool // by the script
}

func (f *flow) Read(p []byte) (int, error) {
	f.more()
	if len(f.rest) == 0 {
		return 0, f.end
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// WriteTo saves a copy.
func (f *flow) WriteTo(w io.Writer) (n int64, err error) {
	for f.more(); len(f.rest) > 0; f.more() {
		written, err := w.Write(f.rest)
		n += int64(written)
		if err != nil {
			return n, err
		}
		f.rest = nil
	}
	if errors.Is(f.end, io.EOF) {
		return n, nil
	}
	return n, f.end
}

// more waits for the next data or the end, while the script computes. A
// script's reader may itself ask for something, such as data of a file.
func (f *flow) more() {
	if len(f.rest) > 0 || f.end != nil {
		return
	}
	f.resume()
	defer f.pause()
	for len(f.rest) == 0 && f.end == nil {
		frame, err := f.receive()
		t := link.Texts(frame.Payload)
		switch {
		case err != nil:
			f.end = err
		case frame.Op == link.Data && len(frame.Payload) > 0:
			f.rest = frame.Payload
		case frame.Op == link.SendEnd:
			f.ended = true
			if f.end = t.Err(); f.end == nil {
				f.end = io.EOF
			}
		case frame.Op == link.Done, frame.Op == link.Send:
			f.end, f.pushed = io.ErrUnexpectedEOF, &frame
		default:
			f.end = f.answer(frame)
		}
	}
}

// sendFlow sends what a script's reader holds.
func (x *exchange) sendFlow() error {
	f := &flow{exchange: x}
	x.pause()
	n, err := x.host.Send(f)
	if err != nil && f.end == nil {
		x.broken = true
		x.cancel(err)
	}
	for f.end == nil {
		f.rest = nil
		f.more()
	}
	x.resume()
	switch {
	case f.ended:
		return x.result(err, link.Int(n))
	case f.pushed != nil:
		return nil
	}
	return f.end // the link is broken, or time is up
}
