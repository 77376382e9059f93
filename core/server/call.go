package server

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"mts/core"
	"mts/core/exports"
	"mts/core/transport"
	"mts/core/wire"
)

// A caller is the session and the plugin for which a command or a hook runs. Its
// methods are the part of core.Host that both have. It uses nothing that belongs
// to the session's goroutine.
type caller struct {
	server *Server
	handle *handle
	ctx    context.Context // of the command or hook
	tree   *exports.Tree   // nil before a login
	plugin string          // that has the verb or hook, "" for a built-in verb
}

func (s *session) caller(plugin string) caller {
	return caller{s.server, &s.handle, s.handle.ctx, s.tree, plugin}
}

func (c *caller) Session() core.Session    { return c.handle.snapshot() }
func (c *caller) Sessions() []core.Session { return c.server.Sessions() }

func (c *caller) open(path string) (fs.File, error) {
	if c.tree == nil {
		return nil, fs.ErrNotExist
	}
	return c.tree.Open(path)
}

func (c *caller) Stat(path string) (core.Info, error) {
	if c.tree == nil {
		return core.Info{}, fs.ErrNotExist
	}
	return c.tree.Stat(path)
}

func (c *caller) Notify(filter, text string) (int, error) {
	f, err := ParseFilter(strings.Fields(filter))
	if err != nil {
		return 0, err
	}
	return len(c.server.Notify(f, text)), nil
}

// Logf writes a line to the log, in the plugin's name.
func (c *caller) Logf(text string) {
	c.server.log(c.handle, "note", "user", wire.Printable(c.Session().User), "plugin", c.plugin, "text", text)
}

var errNoStore = errors.New("built-in verbs have no store")

// Load finds nothing: package plugins keeps the stores of plugins.
func (*caller) Load(string) (string, bool) { return "", false }

// Save fails, see Load.
func (*caller) Save(string, string) error { return errNoStore }

// A call is one invocation of a command, and its core.Host.
type call struct {
	caller
	session *session

	path    string // of the file that was opened last, cleaned
	text    string // of the success line
	facts   []wire.Fact
	sends   bool      // Send was called: the call is a transfer
	start   time.Time // of the transfer
	bytes   int64     // that it has sent
	counted int64     // of the data sent, what the server's counter has already

	// What is to happen after the reply.
	block    *bool
	startTLS bool

	end error // not nil: there is no reply, and the session ends with this error
}

// newCall resets the session's call for a command of plugin, or for a built-in
// command if plugin is "".
func (s *session) newCall(plugin string) *call {
	s.call = call{caller: s.caller(plugin), session: s, text: "OK.", facts: s.call.facts[:0]}
	return &s.call
}

// host returns the core.Host of the command. Only that of a built-in command is
// a builtin.Control too.
func (c *call) host() core.Host {
	if c.plugin == "" {
		return control{c}
	}
	return c
}

// afterReply does what has to happen after the reply. err is the error of writing
// the reply.
func (c *call) afterReply(err error) error {
	s := c.session
	if c.block != nil {
		s.out.SetBlock(*c.block)
		s.handle.takesNotices.Store(s.wantsNotices || *c.block)
	}
	if err == nil && c.startTLS {
		return s.upgrade()
	}
	return err
}

func (c *call) Reply(text string) { c.text = text }

func (c *call) Fact(name, value string) {
	c.facts = append(c.facts, wire.Fact{Name: name, Value: value})
}

// Open opens a file. Plugins may veto it, but for the plugin whose verb it is.
func (c *call) Open(path string) (fs.File, error) {
	clean, err := exports.Clean(path)
	if err != nil {
		return nil, err
	}
	c.path = clean
	if err := c.session.runHooks("open", clean, c.plugin, openHook); err != nil {
		return nil, err
	}
	return c.open(path)
}

func (c *call) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		some, err := c.waitForBytes(int64(len(p) - n))
		if err != nil {
			return n, err
		}
		m, err := c.session.out.Write(p[n : n+int(some)])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// waitForBytes waits until some of n bytes may be sent under the limits, and
// returns how many. It fails if the session or the command has to end.
func (c *call) waitForBytes(n int64) (int64, error) {
	ctx := c.handle.ctx // an abort waits until the reply is whole
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	if c.handle.aborting.Load() && c.session.out.Whole() {
		return 0, errAborted
	}
	return c.session.limits.Bytes(ctx, min(n, transport.MaxPiece))
}
