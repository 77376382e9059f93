package shell

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"mts/admin"
	"mts/core"
)

// A command is one that the shell understands.
type command struct {
	name    string
	usage   string
	help    string
	view    view
	run     func(ctx context.Context, s *Shell, words []string) error
	endless bool // ends when it is interrupted
	slow    bool // takes its time, as long as it was told to
	changes bool
}

// A view is how the rows of a command's answer are shown, and what its words
// may be.
type view struct {
	columns  []column           // of its table; nil: one field a line
	fields   string             // of its CSV; "": those of the first row
	live     func(row) []string // instead of columns: each row as soon as it is there
	complete completer
	slow     bool
	endless  bool
	check    func(ctx context.Context, s *Shell, words []string) error // before it is sent
}

// A completer returns what the word behind words may be, which has been begun.
// It may return more than what begins so.
type completer func(ctx context.Context, s *Shell, words []string, begun string) []string

// commands returns all commands, sorted by name.
func commands() []command {
	views := make(map[string]view)
	for _, family := range []func() map[string]view{sessionViews, banViews, accountViews, pluginViews, serverViews, eventViews} {
		for name, v := range family() {
			views[name] = v
		}
	}
	all := slices.Concat(localCommands(), screenCommands(), scriptCommands())
	for _, c := range admin.Commands() {
		v := views[c.Name]
		all = append(all, command{
			name: c.Name, usage: c.Usage(), help: c.Help, changes: c.Changes,
			view: v, run: remote(v), slow: v.slow, endless: v.endless,
		})
	}
	slices.SortFunc(all, func(a, b command) int { return strings.Compare(a.name, b.name) })
	return all
}

// lookup returns the command of that name, or at a prompt the only one that
// begins with it.
func (s *Shell) lookup(name string) (command, error) {
	var names []string
	var found command
	for _, c := range s.commands {
		if c.name == name {
			return c, nil
		}
		if s.line != nil && s.depth == 0 && strings.HasPrefix(c.name, name) {
			names = append(names, c.name)
			found = c
		}
	}
	switch len(names) {
	case 0:
		return found, usagef("%q is no command; help lists them", name)
	case 1:
		return found, nil
	}
	return found, usagef("%q is ambiguous: %s", name, strings.Join(names, ", "))
}

// remote returns how a command of the server is run.
func remote(v view) func(context.Context, *Shell, []string) error {
	return func(ctx context.Context, s *Shell, words []string) error {
		if v.check != nil {
			if err := v.check(ctx, s, words); err != nil {
				return err
			}
		}
		out := s.output(s.Stdout, v)
		err := s.do(ctx, words, v.slow || v.endless, out.row)
		return cmp.Or(err, out.end())
	}
}

// do has the server run a command.
func (s *Shell) do(ctx context.Context, words []string, slow bool, row func(json.RawMessage) error) error {
	limit := s.Timeout
	if limit == 0 && !slow {
		limit = patience
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, errSlow(limit))
		defer cancel()
	}
	c, err := s.connect(ctx)
	if err != nil {
		return err
	}
	_, err = c.Do(ctx, words, row)
	return s.explain(ctx, err)
}

// explain finds out what kind of error one of the client is. After a
// connection was lost the next command makes a new one.
func (s *Shell) explain(ctx context.Context, err error) error {
	var failure *core.Error
	if err == nil || errors.As(err, &failure) {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
	return &noServerError{err}
}

func errSlow(limit time.Duration) error { return fmt.Errorf("no answer within %s", limit) }

// output returns what shows the rows of a command.
func (s *Shell) output(w io.Writer, v view) output {
	switch {
	case s.Format == "json":
		return jsonOutput{w}
	case s.Format == "csv":
		return &csvOutput{w: csv.NewWriter(w), fields: strings.Fields(v.fields)}
	case v.live != nil:
		return changes{lineOutput{w, s.screen(), v.live}, w}
	case v.columns != nil:
		return changes{&table{w: w, screen: s.screen(), columns: v.columns}, w}
	}
	return changes{&objectOutput{w: w, screen: s.screen()}, w}
}
