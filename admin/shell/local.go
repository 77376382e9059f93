package shell

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mts/admin"
)

// localCommands are about the shell itself.
func localCommands() []command {
	return []command{
		{admin.Command{Name: "help", Args: "[COMMAND]", Help: "lists the commands, or explains one"}, help},
		{admin.Command{Name: "history", Help: "lists the lines that were typed at the prompt"}, history},
		{admin.Command{Name: "set", Args: "output=" + strings.Join(formats, "|"), Offers: "output=" + strings.Join(formats, "|output="),
			Help: "sets the output format"}, set},
		{admin.Command{Name: "quit", Help: "leaves the shell; the server goes on"}, quit},
	}
}

func help(_ context.Context, s *Shell, args []string) error {
	if len(args) > 0 {
		cmd, err := s.lookup(args[0])
		if err == nil {
			fmt.Fprintf(s.Stdout, "%s\n  %s\n", cmd.Usage(), cmd.Help)
		}
		return err
	}
	t := table{w: s.Stdout, screen: s.screen(), columns: []column{{}, {elastic: true}}, bare: true}
	for _, c := range s.commands {
		t.add(c.Name, c.Help)
	}
	return t.end()
}

func set(_ context.Context, s *Shell, args []string) error {
	name, value, _ := strings.Cut(args[0], "=")
	if name != "output" {
		return usagef("%s: the only setting is output", args[0])
	}
	if err := CheckFormat(value); err != nil {
		return err
	}
	s.Format = value
	return nil
}

// formats are the output formats.
var formats = []string{"table", "json", "csv"}

// CheckFormat returns an error if there is no such output format.
func CheckFormat(name string) error {
	if slices.Contains(formats, name) {
		return nil
	}
	last := len(formats) - 1
	return usagef("output %q is not %s or %s", name, strings.Join(formats[:last], ", "), formats[last])
}

func quit(_ context.Context, s *Shell, _ []string) error {
	s.done = true
	return nil
}

func history(_ context.Context, s *Shell, _ []string) error {
	for i, line := range readHistory(s.History) {
		fmt.Fprintf(s.Stdout, "%4d  %s\n", i+1, line)
	}
	return nil
}
