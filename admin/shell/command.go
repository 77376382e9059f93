package shell

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mts/admin"
	"mts/core"
	"mts/core/client"
)

// A command is one of the server, or one that the shell runs itself.
type command struct {
	admin.Command
	run func(ctx context.Context, s *Shell, args []string) error // nil: the server runs it
}

// commands returns all commands, sorted by name.
func commands() []command {
	all := slices.Concat(localCommands(), screenCommands(), scriptCommands())
	for _, c := range admin.Commands() {
		all = append(all, command{Command: c})
	}
	slices.SortFunc(all, func(a, b command) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// lookup returns the command of that name, or at a prompt the only one that
// begins with it.
func (s *Shell) lookup(name string) (command, error) {
	var names []string
	var found command
	for _, c := range s.commands {
		if c.Name == name {
			return c, nil
		}
		if s.line != nil && s.depth == 0 && strings.HasPrefix(c.Name, name) {
			names = append(names, c.Name)
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

// errUsage is returned by a command of the shell for wrong arguments.
var errUsage = errors.New("usage")

// start runs a command with its arguments.
func (s *Shell) start(ctx context.Context, c command, words []string) error {
	if c.run == nil {
		return s.send(ctx, c.Command, words)
	}
	err := errUsage
	if args, _, fit := c.Parse(words); fit {
		err = c.run(ctx, s, args)
	}
	if errors.Is(err, errUsage) {
		return usagef("usage: %s", c.Usage())
	}
	return err
}

// send has the server run a command, and shows the answer.
func (s *Shell) send(ctx context.Context, c admin.Command, words []string) error {
	if c.Confirm != nil && !s.Yes {
		if err := s.confirm(c.Confirm(words)); err != nil {
			return err
		}
	}
	each, end := s.show(c)
	words = append([]string{c.Name}, words...)
	err := s.call(ctx, c.Ends, func(ctx context.Context, client *admin.Client) error {
		_, err := client.Do(ctx, words, each)
		return err
	})
	return cmp.Or(err, end())
}

// call lets ask use the client, within the time that an answer may take.
func (s *Shell) call(ctx context.Context, ends admin.Ending, ask func(context.Context, *admin.Client) error) error {
	limit := s.Timeout
	if limit == 0 && ends == admin.Soon {
		limit = answerTimeout
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit))
		defer cancel()
	}
	client, err := s.connect(ctx)
	if err != nil {
		return err
	}
	return s.explain(ctx, ask(ctx, client))
}

// explain returns the error of the shell for one of the client, or of what shows
// its rows. After a connection was lost the next command makes a new one.
func (s *Shell) explain(ctx context.Context, err error) error {
	var failure *core.Error
	if err == nil || errors.As(err, &failure) {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if !errors.Is(err, client.ErrConnect) && !errors.Is(err, client.ErrLost) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
	return &noServerError{err}
}

// lookupTimeout is how long completion may ask the server.
const lookupTimeout = time.Second

// values returns a field of the rows of a command's answer, each value once.
func (s *Shell) values(name, field string) (values []string) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	s.call(ctx, admin.Soon, func(ctx context.Context, client *admin.Client) error {
		_, err := client.Do(ctx, []string{name}, func(raw json.RawMessage) error {
			r, err := parseRow(raw)
			if value := r.text(field); value != "" && !slices.Contains(values, value) {
				values = append(values, value)
			}
			return err
		})
		return err
	})
	return values
}
