package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"mts/core"
	"mts/core/wire"
)

// A call is one command that runs for a console.
type call struct {
	*console
	words   []string          // its arguments without the options
	options map[string]string // by key
	changed *Affected         // nil: it has changed nothing
}

var (
	errUsage   = errors.New("usage")
	errNoMatch = core.Errorf(CodeNoMatch, "Nothing matched.")
)

// run runs a command, logs what it has changed, and answers.
func (c *console) run(cmd Command, arg string) {
	call := &call{console: c}
	err := call.parse(cmd, arg)
	if err == nil {
		err = cmd.run(call)
	}
	if err == nil && call.changed != nil && call.changed.N == 0 {
		err = errNoMatch
	}
	clientErr := failure(cmd, err)
	if cmd.Changes && (clientErr != nil || call.changed != nil) {
		call.audit(cmd, arg, clientErr)
	}
	if clientErr != nil {
		fail(c.out, clientErr)
		return
	}
	if call.changed != nil {
		call.writeRow(call.changed)
	}
	c.out.Status(wire.Success, nil, "OK.")
}

func (c *call) parse(cmd Command, arg string) error {
	commands, err := Split(arg)
	switch {
	case err != nil:
		return core.Errorf(core.CodeUsage, "%s.", err)
	case len(commands) > 1:
		return core.Errorf(core.CodeUsage, "One command a line.")
	}
	var fit bool
	c.words, c.options, fit = cmd.Parse(slices.Concat(commands...))
	if !fit {
		return errUsage
	}
	return nil
}

// failure returns an error as operators see it: in full, unlike clients.
func failure(cmd Command, err error) *core.Error {
	var clientErr *core.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errUsage):
		return core.Errorf(core.CodeUsage, "Usage: %s", cmd.Usage())
	case errors.As(err, &clientErr):
		return clientErr
	}
	return core.Errorf(CodeFailed, "%s", err)
}

// maxAudited is how many ids an audit line has at most.
const maxAudited = 100

// audit logs who did what.
func (c *call) audit(cmd Command, arg string, failed *core.Error) {
	args := []any{"uid", c.operator.uid, "pid", c.operator.pid, "name", c.operator.name, "command", wire.Printable(strings.TrimSpace(cmd.Name + " " + arg))}
	if c.changed != nil {
		args = append(args, "affected", c.changed.N, "ids", c.changed.IDs[:min(len(c.changed.IDs), maxAudited)])
	}
	if failed != nil {
		args = append(args, "code", failed.Code, "err", failed)
	}
	c.plane.cfg.Log.Info("admin", args...)
}

// change records what the command has changed: the sessions with these ids, or n
// other things.
func (c *call) change(n int, ids ...uint64) error {
	c.changed = &Affected{N: max(n, len(ids)), IDs: append([]uint64{}, ids...)}
	return nil
}

// orNull returns t as JSON has it: null instead of the zero time.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// writeRow adds a row to the answer.
func (c *call) writeRow(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := c.out.Write(wire.PrintableJSON(b.Bytes()))
	return err
}

func writeRows[Row any](c *call, list []Row) error {
	for _, row := range list {
		if err := c.writeRow(row); err != nil {
			return err
		}
	}
	return nil
}
