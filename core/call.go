package core

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
)

// A Host carries out what a Call asks for. The server implements it over a
// session.
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

// NewCall returns a call with the argument arg, carried out by host. Whoever
// serves commands calls it; commands don't.
func NewCall(ctx context.Context, host Host, arg string) *Call {
	return &Call{ctx: ctx, arg: arg, host: host}
}

// Host returns what carries out the call, for the built-in verbs that steer
// the session itself.
func (c *Call) Host() Host { return c.host }

// Context ends when the call has to: its session is gone, kicked or out of
// time. Its cause says why.
func (c *Call) Context() context.Context { return c.ctx }

// Arg returns the argument verbatim, without the one space before it.
func (c *Call) Arg() string { return c.arg }

// Fields returns the words of the argument.
func (c *Call) Fields() []string { return strings.Fields(c.arg) }

// Session returns a snapshot of the session that made the call.
func (c *Call) Session() Session { return c.host.Session() }

// Write sends data ahead of the status line. It blocks while the client
// doesn't read. An error means that the client can't be reached. A call that
// fails after it has sent data ends the session in stream mode, where nothing
// tells data from a failure.
func (c *Call) Write(p []byte) (int, error) { return c.host.Write(p) }

// Printf sends formatted data.
func (c *Call) Printf(format string, a ...any) { fmt.Fprintf(c, format, a...) }

// Send sends what r holds as data and returns how many bytes went out. A
// file of the exports, or an *io.SectionReader over one, goes out by the fastest way the
// connection has. A source that holds less than it said, or that changed while
// it was read, ends in an *Error with CodeChanged.
func (c *Call) Send(r io.Reader) (int64, error) { return c.host.Send(r) }

// Open opens a regular file of the exports with the rights of the session's
// account. Returned as it is, its error becomes CodeNotFound.
func (c *Call) Open(path string) (fs.File, error) { return c.host.Open(path) }

// Stat describes a file or a folder of the exports, with the rights of the
// session's account.
func (c *Call) Stat(path string) (Info, error) { return c.host.Stat(path) }

// List describes what a folder of the exports holds, sorted by name.
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

// Reply sets the text of the success line; without it, it says "OK.".
func (c *Call) Reply(format string, a ...any) {
	if len(a) > 0 {
		format = fmt.Sprintf(format, a...)
	}
	c.host.Reply(format)
}

// Fact adds name=value to the status line, for programs in block mode. A name
// is made of lower case letters and '-'; a value may hold anything.
func (c *Call) Fact(name, value string) { c.host.Fact(name, value) }

// Sessions returns a snapshot of all sessions, sorted by id.
func (c *Call) Sessions() []Session { return c.host.Sessions() }

// Notify sends a notice to the sessions that filter selects, such as
// "user=ann" or "id!=12"; an empty one selects all. It returns how many will
// get it: sessions in block mode and those that asked for notices.
func (c *Call) Notify(filter, text string) (int, error) { return c.host.Notify(filter, text) }

// Logf writes a line to the server's log.
func (c *Call) Logf(format string, a ...any) { c.host.Logf(fmt.Sprintf(format, a...)) }

// Load returns what was saved under key. The store is the plugin's own and
// outlives reloads and restarts; built-in verbs have none.
func (c *Call) Load(key string) (string, bool) { return c.host.Load(key) }

// Save keeps value under key. It fails if the store would become too large. Two
// calls at once that load, change and save the same key lose one change.
func (c *Call) Save(key, value string) error { return c.host.Save(key, value) }
