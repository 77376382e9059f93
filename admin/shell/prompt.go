package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/peterh/liner"
)

// Interactive shows the prompt until the operator leaves, or ctx ends, if both
// streams are the process's own and a terminal. Otherwise it runs the commands
// on standard input as a script. It returns the exit code.
func (s *Shell) Interactive(ctx context.Context) int {
	if _, err := s.connect(ctx); err != nil {
		return s.report("", err)
	}
	if in, ok := terminal(s.Stdin); !ok || in != os.Stdin || s.tty != os.Stdout {
		return s.Script(ctx, "-", s.Stdin)
	}
	return s.prompt(ctx)
}

func (s *Shell) prompt(ctx context.Context) int {
	s.mu.Lock()
	s.line = liner.NewLiner()
	s.mu.Unlock()
	defer s.Close()
	s.line.SetCtrlCAborts(true)
	s.line.SetTabCompletionStyle(liner.TabPrints)
	s.line.SetWordCompleter(s.complete)
	s.loadHistory()
	for !s.done && ctx.Err() == nil {
		line, err := s.read("mts> ")
		switch {
		case errors.Is(err, errClosed):
			return exitOK
		case errors.Is(err, liner.ErrPromptAborted):
		case errors.Is(err, io.EOF):
			fmt.Fprintln(s.Stdout)
			s.leave(ctx)
		case err != nil:
			return s.report("", fmt.Errorf("read the terminal: %w", err))
		default:
			s.remember(line)
			s.typed(ctx, line)
		}
	}
	return exitOK
}

var errClosed = errors.New("the shell is closed")

// read shows a prompt and returns what is typed there.
func (s *Shell) read(text string) (string, error) {
	s.mu.Lock()
	line, closed := s.line, s.closed
	s.mu.Unlock()
	if closed {
		return "", errClosed
	}
	return line.Prompt(text)
}

// typed runs the commands of a line, up to one that fails.
func (s *Shell) typed(ctx context.Context, line string) {
	if name, ok := question(line); ok {
		s.report("", s.run(ctx, append([]string{"help"}, strings.Fields(name)...)))
		return
	}
	commands, err := split(line, s.isEval)
	if err != nil {
		s.report("", usageError{err})
		return
	}
	for _, words := range commands {
		if s.done || s.report("", s.run(ctx, words)) != exitOK {
			return
		}
	}
}

// question returns the name of the command that a line asks about with "?" at
// its end.
func question(line string) (name string, ok bool) {
	line = strings.TrimSpace(line)
	before, ok := strings.CutSuffix(line, "?")
	words := strings.Fields(before)
	if !ok || len(words) > 1 && !strings.HasSuffix(before, " ") {
		return "", false
	}
	return strings.Join(words[:min(1, len(words))], ""), true
}

// isEval reports whether a word names the command eval.
func (s *Shell) isEval(word string) bool {
	cmd, err := s.lookup(word)
	return err == nil && cmd.Name == "eval"
}

// leave is what Ctrl-D does: it leaves, but where the server is this process
// it asks what to end.
func (s *Shell) leave(ctx context.Context) {
	if !s.Console {
		s.done = true
		return
	}
	answer, err := s.read("shutdown, quit or stay? ")
	if err != nil {
		fmt.Fprintln(s.Stdout)
		return
	}
	switch answer = strings.TrimSpace(answer); answer {
	case "shutdown", "quit":
		s.report("", s.run(ctx, []string{answer}))
	}
}

// confirm asks whether to go on, if there is a question. Where nobody can be
// asked it is an error that --yes wasn't given.
func (s *Shell) confirm(question string) error {
	if question == "" {
		return nil
	}
	answer, err := s.ask(question + " (yes/no) ")
	if err != nil {
		return err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "yes" && answer != "y" {
		return errors.New("nothing was done")
	}
	return nil
}

var errNobody = usagef("this needs --yes where nobody can be asked")

func (s *Shell) ask(text string) (string, error) {
	if s.watching {
		return "", errNobody
	}
	if s.line != nil {
		return s.read(text)
	}
	_, in := terminal(s.Stdin)
	_, out := terminal(s.Stderr)
	if !in || !out {
		return "", errNobody
	}
	fmt.Fprint(s.Stderr, text)
	return readLine(newLineReader(s.Stdin))
}
