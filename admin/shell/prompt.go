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

// Interactive shows the prompt until the operator leaves or ctx ends, if Stdin and
// Stdout are the process's own and a terminal. Otherwise it runs the commands in
// Stdin as a script. It returns the exit code.
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
			if name, ok := question(line); ok {
				line = "help " + name
			}
			s.runLine(ctx, "", line, nil)
		}
	}
	return exitOK
}

var errClosed = errors.New("the shell is closed")

// read shows a prompt and returns the line that is typed.
func (s *Shell) read(text string) (string, error) {
	s.mu.Lock()
	line, closed := s.line, s.closed
	s.mu.Unlock()
	if closed {
		return "", errClosed
	}
	return line.Prompt(text)
}

// question returns the name of the command that a line with "?" at its end asks
// about.
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

// leave is what Ctrl-D does. It ends the shell, but if the server is this process
// it first asks what to end.
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

// confirm asks the question, if it isn't "", and returns nil if the answer is yes.
// Without a terminal it returns an error.
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

var errNeedsYes = usagef("this needs --yes where nobody can be asked")

func (s *Shell) ask(text string) (string, error) {
	if s.watched {
		return "", errNeedsYes
	}
	if s.line != nil {
		return s.read(text)
	}
	_, in := terminal(s.Stdin)
	_, out := terminal(s.Stderr)
	if !in || !out {
		return "", errNeedsYes
	}
	fmt.Fprint(s.Stderr, text)
	return readLine(newLineReader(s.Stdin))
}
