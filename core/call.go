package core

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
)

// A Host carries out what a Call asks for. The server implements it.
type Host interface {
	Session() Session
	Write(p []byte) (int, error)
	Send(r io.Reader) (int64, error)
	Open(path string) (fs.File, error)
	Stat(path string) (Info, error)
	List(path string) (iter.Seq2[Info, error], error)
	Reply(text string)
	Fact(name, value string)
	Sessions() []Session
	Notify(filter, text string) (int, error)
	Logf(text string)
	Load(key string) (string, bool)
	Save(key, value string) error
}

// A Call is one invocation of a Command. It is valid until Run returns, and
// for one goroutine at a time.
type Call struct {
	ctx  context.Context
	arg  string
	host Host
}

// NewCall returns a call with the argument arg. It is for servers and tests, not
// for commands.
func NewCall(ctx context.Context, host Host, arg string) *Call {
	return &Call{ctx: ctx, arg: arg, host: host}
}

// Host returns the host of the call. It is for the built-in verbs that change the
// session itself.
func (c *Call) Host() Host { return c.host }

// Context ends when the call has to end: the session is gone or kicked, or the
// call was aborted. Its cause says why.
func (c *Call) Context() context.Context { return c.ctx }

// Arg returns the argument as the client sent it, without the space before it.
func (c *Call) Arg() string { return c.arg }

// Fields returns the words of the argument.
func (c *Call) Fields() []string { return strings.Fields(c.arg) }

// Session returns a snapshot of the session that made the call.
func (c *Call) Session() Session { return c.host.Session() }

// Write sends data before the status line. It blocks while the client doesn't
// read. An error means that the client can't be reached, or that the call has to
// end. In stream mode a call that fails after it has sent data ends the session,
// because the client could take the failure for data.
func (c *Call) Write(p []byte) (int, error) { return c.host.Write(p) }

// Printf sends formatted data.
func (c *Call) Printf(format string, a ...any) { fmt.Fprintf(c, format, a...) }

// Send sends the content of r as data and returns how many bytes it has sent. A
// file of the exports, or an *io.SectionReader of one, is sent in the fastest way
// that the connection has. If the file changes while it is sent, or is shorter than
// its size at the start, the error is an *Error with CodeChanged.
func (c *Call) Send(r io.Reader) (int64, error) { return c.host.Send(r) }

// Open opens a regular file of the exports with the rights of the session's
// account. If Run returns the error unchanged, the client sees CodeNotFound.
func (c *Call) Open(path string) (fs.File, error) { return c.host.Open(path) }

// Stat describes a file or folder of the exports, with the rights of the
// session's account.
func (c *Call) Stat(path string) (Info, error) { return c.host.Stat(path) }

// List describes the entries of a folder of the exports, sorted by name.
func (c *Call) List(path string) ([]Info, error) {
	entries, err := c.host.List(path)
	if err != nil {
		return nil, err
	}
	var infos []Info
	for info, err := range entries {
		if err != nil {
			return infos, err
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// Reply sets the text of the success line. The default is "OK.".
func (c *Call) Reply(format string, a ...any) {
	if len(a) > 0 {
		format = fmt.Sprintf(format, a...)
	}
	c.host.Reply(format)
}

// Fact adds name=value to the success line. It is sent in block mode only. A name
// has lower case letters and '-'; a value may be any text.
func (c *Call) Fact(name, value string) { c.host.Fact(name, value) }

// Sessions returns a snapshot of all sessions, sorted by id.
func (c *Call) Sessions() []Session { return c.host.Sessions() }

// Notify sends a notice to the sessions that filter selects, such as "user=ann"
// or "id!=12". An empty filter selects all. It returns how many sessions will get
// the notice: those in block mode and those that have asked for notices, unless
// too many notices wait for them already.
func (c *Call) Notify(filter, text string) (int, error) { return c.host.Notify(filter, text) }

// Logf writes a line to the server's log.
func (c *Call) Logf(format string, a ...any) { c.host.Logf(fmt.Sprintf(format, a...)) }

// Load returns the value that was saved under key. Each plugin has a store of its
// own, which is kept over reloads and restarts. Built-in verbs have no store.
func (c *Call) Load(key string) (string, bool) { return c.host.Load(key) }

// Save keeps value under key. It fails if the store would become too large. If
// two calls at the same time load, change and save one key, one change is lost.
func (c *Call) Save(key, value string) error { return c.host.Save(key, value) }
