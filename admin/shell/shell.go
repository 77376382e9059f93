// Package shell is the operators' shell: one command, a script of them, or a
// prompt with history and completion, against any admin.Client.
//
// A command is of the control plane, and then the server runs it and the shell
// shows the rows that come back; or it is the shell's own. Each family of
// commands has a file.
package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/peterh/liner"
	"golang.org/x/term"

	"mts/admin"
	"mts/admin/script"
	"mts/core/wire"
)

// Options are what a Shell works with.
type Options struct {
	// Dial connects to the server. It is called when a command first needs
	// that, and again after its connection was lost.
	Dial func(context.Context) (*admin.Client, error)

	Stdin          io.Reader
	Stdout, Stderr io.Writer

	Format    string        // "table", "json" or "csv"
	Yes       bool          // don't ask before what can't be undone
	KeepGoing bool          // a script goes on after an error
	Timeout   time.Duration // for an answer; 0: patience, except for commands that take their time
	History   string        // the file of the prompt's history; "": none
	Console   bool          // the server is this process: leaving the shell doesn't end it, so ask
}

// patience is how long an answer may take by default.
const patience = 15 * time.Second

// A Shell runs commands. Its methods but Interrupt and Close are for one
// goroutine.
type Shell struct {
	Options
	tty      *os.File // what Stdout is, if that is a terminal
	client   *admin.Client
	commands []command
	line     *liner.State      // nil without a prompt
	eval     *script.Evaluator // nil before the first eval
	depth    int               // of scripts within scripts; 0: typed, or given as arguments
	watching bool              // a command runs again and again
	done     bool              // no further command

	mu     sync.Mutex
	cancel context.CancelCauseFunc // of the command that runs; nil if none does
	over   chan struct{}           // closed when it has ended
	closed bool
}

// New returns a shell. Whoever made it closes it.
func New(o Options) *Shell {
	s := &Shell{Options: o, commands: commands()}
	s.tty, _ = terminal(o.Stdout)
	return s
}

// giveBack is how long a command may take to give the screen back.
const giveBack = time.Second

// Close interrupts the command that runs, lets the server go and gives the
// terminal back as it was. It may be called while a prompt is up.
func (s *Shell) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.closed
	s.closed = true
	if s.cancel != nil {
		s.cancel(errInterrupted)
		over := s.over
		s.mu.Unlock()
		select {
		case <-over:
		case <-time.After(giveBack):
		}
		s.mu.Lock()
	}
	if s.line != nil && first {
		s.line.Close()
	}
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
}

var errInterrupted = errors.New("interrupted")

// Interrupt ends the command that runs, as Ctrl-C does. It reports whether one
// did.
func (s *Shell) Interrupt() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel == nil {
		return false
	}
	s.cancel(errInterrupted)
	return true
}

// begin makes the context of a command. Its end makes the one before the
// command that runs again.
func (s *Shell) begin(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.cancel
	s.cancel = cancel
	if before == nil {
		s.over = make(chan struct{})
	}
	return ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cancel = before
		cancel(nil)
		if before == nil {
			close(s.over)
		}
	}
}

// Command runs one command and returns the exit code.
func (s *Shell) Command(ctx context.Context, words []string) int {
	return s.report("", s.run(ctx, words))
}

// run runs a command to its end, or until it is interrupted.
func (s *Shell) run(ctx context.Context, words []string) error {
	cmd, err := s.lookup(words[0])
	if err != nil {
		return err
	}
	ctx, end := s.begin(ctx)
	defer end()
	err = s.start(ctx, cmd, words[1:])
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause
	}
	if errors.Is(err, errInterrupted) && cmd.Ends == admin.Never && s.depth == 0 {
		return nil
	}
	return err
}

// report tells of an error, where it was if that is known, and returns its
// exit code.
func (s *Shell) report(where string, err error) int {
	if err == nil {
		return exitOK
	}
	if !errors.As(err, new(script.ExitError)) && !errors.As(err, new(reportedError)) {
		for line := range lines(err.Error()) {
			fmt.Fprintln(s.Stderr, s.paintError(where+wire.Printable(line)))
		}
	}
	return exitCode(err)
}

// connect returns the client, and makes it if there is none.
func (s *Shell) connect(ctx context.Context) (*admin.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		return s.client, nil
	}
	c, err := s.dial(ctx)
	if err == nil {
		s.client = c
	}
	return c, err
}

func (s *Shell) dial(ctx context.Context) (*admin.Client, error) {
	c, err := s.Dial(ctx)
	if err != nil {
		return nil, &noServerError{err}
	}
	return c, nil
}

// terminal returns the file of a stream that is a terminal.
func terminal(stream any) (*os.File, bool) {
	if f, ok := stream.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f, true
	}
	return nil, false
}

// screen returns what is known of where the output goes.
func (s *Shell) screen() screen {
	if s.tty == nil {
		return screen{}
	}
	width, height, err := term.GetSize(int(s.tty.Fd()))
	if err != nil {
		width, height = 0, 0
	}
	return screen{width, height, colorful()}
}

// colorful reports whether a terminal may be shown colors; see no-color.org.
func colorful() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }

// paintError makes an error red.
func (s *Shell) paintError(text string) string {
	if _, ok := terminal(s.Stderr); ok && colorful() {
		return "\x1b[31m" + text + "\x1b[0m"
	}
	return text
}
