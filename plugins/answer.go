package plugins

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"mts/core"
	"mts/core/names"
	"mts/plugins/internal/link"
)

// Bounds of what one call may ask for.
const (
	maxFiles = 64      // open at once
	maxLine  = 4 << 10 // bytes of a reply, of a log line, of a notice, of all facts

	maxTold    = 1 << 16 // replies, facts and log lines of one call
	maxToldLen = 16 << 20
)

var (
	errTooLong = fmt.Errorf("text is longer than %d bytes", maxLine)
	errNotices = fmt.Errorf("more than %d notices a second", noticesRate)
)

// answer does what a script asks for, with the rights of the call's session.
// Its error is that of the link.
func (x *exchange) answer(f link.Frame) error {
	t := link.Texts(f.Payload)
	switch f.Op {
	case link.Data:
		if len(f.Payload) == 0 {
			return errProtocol
		}
		x.write(f.Payload)
		return nil
	case link.Reply, link.Fact, link.Log:
		return x.tell(f.Op, &t)
	case link.Send:
		return x.sendFlow()
	case link.Open, link.Read, link.CloseFile, link.StatFile, link.SendFile:
		return x.answerFile(f.Op, &t)
	case link.Stat:
		info, err := waiting(x, func() (core.Info, error) { return x.host.Stat(t.Next()) })
		return x.result(err, link.InfoTexts(info)...)
	case link.List:
		return x.list(t.Next())
	case link.Sessions:
		for _, s := range x.host.Sessions() {
			if err := x.item(link.SessionTexts(s)); err != nil {
				return err
			}
		}
		return x.result(nil)
	case link.Notify:
		return x.notify(t.Next(), t.Next())
	case link.Load:
		value, found := x.plugin.store.load(t.Next())
		return x.result(nil, value, link.Bool(found))
	case link.Save:
		return x.result(x.plugin.store.save(t.Next(), t.Next()))
	}
	return errProtocol
}

// waiting does something for the script that may take its time, while the
// clock stands.
func waiting[T any](x *exchange, do func() (T, error)) (T, error) {
	x.pause()
	defer x.resume()
	return do()
}

// tell does what has no answer, within bounds: nothing makes the worker wait.
func (x *exchange) tell(op link.Op, t *link.Texts) error {
	x.told++
	x.toldLen += len(*t)
	if x.told > maxTold || x.toldLen > maxToldLen {
		return errProtocol
	}
	switch op {
	case link.Reply:
		x.host.Reply("%s", line(t.Next()))
	case link.Fact:
		x.fact(t.Next(), t.Next())
	case link.Log:
		if x.plugin.mayNote() {
			x.host.Logf("%s", line(t.Next()))
		}
	}
	return nil
}

func line(s string) string { return s[:min(len(s), maxLine)] }

// fact adds a fact; those beyond a bound are left out.
func (x *exchange) fact(name, value string) {
	if x.facts += len(name) + len(value); x.facts <= maxLine {
		x.host.Fact(name, value)
	}
}

func (x *exchange) list(path string) error {
	x.pause()
	defer x.resume()
	entries, err := x.host.Host().List(path)
	if err != nil {
		return x.result(err)
	}
	for info, err := range entries {
		if err != nil {
			return x.result(err)
		}
		if err := x.item(link.InfoTexts(info)); err != nil {
			return err
		}
	}
	return x.result(nil)
}

func (x *exchange) notify(filter, text string) error {
	if len(filter) > maxLine || len(text) > maxLine {
		return x.result(errTooLong)
	}
	if !x.plugin.notices.Allow() {
		return x.result(errNotices)
	}
	n, err := x.host.Notify(filter, text)
	return x.result(err, link.Int(int64(n)))
}

// handles are the files that a call has open.
type handles struct {
	open map[string]*handle
	last int64
	buf  []byte
}

type handle struct {
	fs.File
	off int64 // of what is read in order
}

func (h *handles) add(f fs.File) string {
	if h.open == nil {
		h.open = make(map[string]*handle)
	}
	h.last++
	name := link.Int(h.last)
	h.open[name] = &handle{File: f}
	return name
}

func (h *handles) close() {
	for _, f := range h.open {
		f.Close()
	}
}

// answerFile does what a script asks of a file.
func (x *exchange) answerFile(op link.Op, t *link.Texts) error {
	if op == link.Open {
		return x.open(t.Next())
	}
	name := t.Next()
	f := x.files.open[name]
	if f == nil {
		return x.result(fs.ErrClosed)
	}
	switch op {
	case link.Read:
		b, err := waiting(x, func() ([]byte, error) { return x.read(f, t.Int(), t.Int()) })
		return x.result(err, string(b))
	case link.SendFile:
		n, err := waiting(x, func() (int64, error) { return x.sendFile(f, t.Int(), t.Int()) })
		return x.result(err, link.Int(n))
	case link.StatFile:
		info, err := f.Stat()
		if err != nil {
			return x.result(err)
		}
		return x.result(nil, link.FileTexts(info)...)
	}
	delete(x.files.open, name)
	return x.result(f.Close())
}

func (x *exchange) open(path string) error {
	if len(x.files.open) >= maxFiles {
		return x.result(fmt.Errorf("more than %d files open", maxFiles))
	}
	f, err := waiting(x, func() (fs.File, error) { return x.host.Open(path) })
	if err != nil {
		return x.result(err)
	}
	return x.result(nil, x.files.add(f))
}

// read returns up to n bytes from off on, none at the end.
func (x *exchange) read(f *handle, off, n int64) ([]byte, error) {
	if x.files.buf == nil {
		x.files.buf = make([]byte, link.Chunk)
	}
	buf := x.files.buf[:max(0, min(n, link.Chunk))]
	var count int
	var err error
	if r, ok := f.File.(io.ReaderAt); ok {
		count, err = r.ReadAt(buf, off)
	} else if off == f.off {
		count, err = io.ReadFull(f, buf)
		f.off += int64(count)
	} else {
		err = errors.ErrUnsupported
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return buf[:count], err
}

// sendFile sends n bytes of a file from off on, or all if n is negative. They
// don't go through the worker.
func (x *exchange) sendFile(f *handle, off, n int64) (int64, error) {
	if off == 0 && n < 0 && f.off == 0 {
		return x.host.Send(f.File)
	}
	r, ok := f.File.(io.ReaderAt)
	if !ok && (off != f.off || n >= 0) {
		return 0, errors.ErrUnsupported
	}
	if !ok {
		return x.host.Send(struct{ io.Reader }{f})
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	off = min(max(off, 0), info.Size())
	if rest := info.Size() - off; n < 0 || n > rest {
		n = rest
	}
	return x.host.Send(io.NewSectionReader(r, off, n))
}

// valid returns nil if a plugin may offer a command, or else why not.
func valid(c core.Command) error {
	switch {
	case names.CheckNewVerb(c.Verb) != nil:
		return names.CheckNewVerb(c.Verb)
	case c.Run == nil:
		return fmt.Errorf("the verb %s has no Run", c.Verb)
	case len(c.Args) > maxLine || len(c.Help) > maxLine || strings.ContainsAny(c.Args+c.Help, "\r\n"):
		return fmt.Errorf("the verb %s has an Args or Help that isn't one line", c.Verb)
	}
	return nil
}
