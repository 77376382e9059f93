package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"mts/core"
	"mts/core/wire"
)

// A call is one command as it runs.
type call struct {
	*console
	words   []string          // that fill the slots of its Args
	options map[string]string // by key
	changed *Affected
}

var (
	errUsage  = errors.New("usage")
	errNobody = core.Errorf(CodeNoMatch, "Nothing matched.")
)

// run answers a command, and has what it changed on record.
func (c *console) run(cmd Command, arg string) {
	call := &call{console: c}
	err := call.parse(cmd, arg)
	if err == nil {
		err = cmd.run(call)
	}
	if err == nil && call.changed != nil && call.changed.N == 0 {
		err = errNobody
	}
	told := failure(cmd, err)
	if cmd.Changes && (told != nil || call.changed != nil) {
		call.audit(cmd, arg, told)
	}
	if told != nil {
		fail(c.out, told)
		return
	}
	if call.changed != nil {
		call.row(call.changed)
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

// failure returns an error as operators see it: whole, for they may know.
func failure(cmd Command, err error) *core.Error {
	var told *core.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errUsage):
		return core.Errorf(core.CodeUsage, "Usage: %s", cmd.Usage())
	case errors.As(err, &told):
		return told
	}
	return core.Errorf(CodeFailed, "%s", err)
}

// maxAudited is how many ids an audit line has at most.
const maxAudited = 100

// audit writes down who did what.
func (c *call) audit(cmd Command, arg string, failed *core.Error) {
	args := []any{"uid", c.who.uid, "pid", c.who.pid, "name", c.who.name, "command", wire.Printable(strings.TrimSpace(cmd.Name + " " + arg))}
	if c.changed != nil {
		args = append(args, "affected", c.changed.N, "ids", c.changed.IDs[:min(len(c.changed.IDs), maxAudited)])
	}
	if failed != nil {
		args = append(args, "code", failed.Code, "err", failed)
	}
	c.plane.cfg.Log.Info("admin", args...)
}

// change says what a command that changes something has done: to the sessions
// ids, or else to n other things.
func (c *call) change(n int, ids ...uint64) error {
	c.changed = &Affected{N: max(n, len(ids)), IDs: append([]uint64{}, ids...)}
	return nil
}

// row adds a row to the answer.
func (c *call) row(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := c.out.Write(wire.PrintableJSON(b.Bytes()))
	return err
}

// rows adds a row for each of list.
func rows[Row any](c *call, list []Row) error {
	for _, row := range list {
		if err := c.row(row); err != nil {
			return err
		}
	}
	return nil
}
