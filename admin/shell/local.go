package shell

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// localCommands are about the shell itself.
func localCommands() []command {
	return []command{
		{name: "help", usage: "help [COMMAND]", help: "says what commands there are, or what one does", run: help,
			view: view{complete: func(_ context.Context, s *Shell, words []string, _ string) []string {
				if len(words) > 1 {
					return nil
				}
				return s.names()
			}}},
		{name: "history", usage: "history", help: "lists what was typed at the prompt", run: history},
		{name: "set", usage: "set output=table|json|csv", help: "sets the format of what is shown", run: set,
			view: view{complete: completeWords("output=table output=json output=csv")}},
		{name: "quit", usage: "quit", help: "leaves the shell; the server goes on", run: quit},
	}
}

func help(_ context.Context, s *Shell, words []string) error {
	if len(words) > 2 {
		return usagef("usage: help [COMMAND]")
	}
	if len(words) == 2 {
		cmd, err := s.lookup(words[1])
		if err == nil {
			fmt.Fprintf(s.Stdout, "%s\n  %s\n", cmd.usage, cmd.help)
		}
		return err
	}
	t := table{w: s.Stdout, screen: s.screen(), columns: []column{{}, {elastic: true}}, bare: true}
	for _, c := range s.commands {
		t.add(c.name, c.help)
	}
	return t.end()
}

func set(_ context.Context, s *Shell, words []string) error {
	if len(words) != 2 {
		return usagef("usage: set output=table|json|csv")
	}
	name, value, _ := strings.Cut(words[1], "=")
	if name != "output" {
		return usagef("%s: the only setting is output", words[1])
	}
	if err := CheckFormat(value); err != nil {
		return err
	}
	s.Format = value
	return nil
}

// CheckFormat returns an error if there is no such output format.
func CheckFormat(name string) error {
	if !slices.Contains([]string{"table", "json", "csv"}, name) {
		return usagef("output %q is not table, json or csv", name)
	}
	return nil
}

func quit(_ context.Context, s *Shell, words []string) error {
	if len(words) > 1 {
		return usagef("usage: quit")
	}
	s.done = true
	return nil
}

func history(_ context.Context, s *Shell, words []string) error {
	if len(words) > 1 {
		return usagef("usage: history")
	}
	for i, line := range readHistory(s.History) {
		fmt.Fprintf(s.Stdout, "%4d  %s\n", i+1, line)
	}
	return nil
}
