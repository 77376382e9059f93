// Package shell is the operators' shell: it runs one command, a script of
// commands, or a prompt with history and completion, on any admin.Client.
//
// The commands of package admin are run by the server, and the shell shows the
// rows of the answer. The other commands are the shell's own. Both have the same
// form, admin.Command, from which tables, CSV, completion and help follow.
package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
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
	// Dial connects to the server. It is called when a command first needs a
	// connection, and again after the connection was lost.
	Dial func(context.Context) (*admin.Client, error)

	Stdin          io.Reader
	Stdout, Stderr io.Writer

	Format    string        // see CheckFormat
	Yes       bool          // don't ask for confirmation
	KeepGoing bool          // a script goes on after an error
	Timeout   time.Duration // of an answer; 0: 15 seconds, and none for commands that may take longer
	History   string        // the file of the prompt's history; "": none
	Limit     func() error  // bounds the memory of this process before its first Go script; nil: no bound
	Console   bool          // the server is this process: ask what Ctrl-D ends
}

// answerTimeout is how long an answer may take by default.
const answerTimeout = 15 * time.Second

// A Shell runs commands. Any goroutine may call Interrupt and Close; the other
// methods are for one goroutine.
type Shell struct {
	Options
	tty      *os.File // what Stdout is, if that is a terminal
	client   *admin.Client
	commands []command
	line     *liner.State      // nil without a prompt
	eval     *script.Evaluator // nil before the first eval
	depth    int               // how deep scripts are nested; 0: the command was typed, or is an argument of mtsd admin
	watched  bool              // watch runs the command, which then can't ask a question
	done     bool              // the operator has left

	mu     sync.Mutex
	cancel context.CancelCauseFunc // of the command that runs; nil if none does
	ended  chan struct{}           // closed when it has ended
	closed bool
}

// New returns a shell. The caller closes it.
func New(o Options) *Shell {
	s := &Shell{Options: o, commands: commands()}
	s.tty, _ = terminal(o.Stdout)
	return s
}

// closeTimeout is how long a command may take to restore the screen.
const closeTimeout = time.Second

// Close interrupts the command that runs, closes the connection to the server and
// restores the terminal. It may be called while a prompt waits.
func (s *Shell) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.closed
	s.closed = true
	if s.cancel != nil {
		s.cancel(errInterrupted)
		ended := s.ended
		s.mu.Unlock()
		select {
		case <-ended:
		case <-time.After(closeTimeout):
		}
		s.mu.Lock()
	}
	if s.line != nil && first {
		s.line.Close()
	}
	if s.eval != nil {
		s.eval.Close()
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

// begin returns the context of a command, which Interrupt and Close cancel, and a
// function to call when the command has ended. Commands may be nested.
func (s *Shell) begin(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.cancel
	s.cancel = cancel
	if before == nil {
		s.ended = make(chan struct{})
	}
	return ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cancel = before
		cancel(nil)
		if before == nil {
			close(s.ended)
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

// report writes an error, after the place where it happened, and returns its exit
// code.
func (s *Shell) report(where string, err error) int {
	if err == nil {
		return exitOK
	}
	if !errors.As(err, new(script.ExitError)) && !errors.As(err, new(reportedError)) {
		for line := range strings.SplitSeq(strings.TrimRight(err.Error(), "\n"), "\n") {
			fmt.Fprintln(s.Stderr, s.paintError(where+wire.Printable(line)))
		}
	}
	return exitCode(err)
}

// connect returns the client. It connects if there is none.
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

// screen returns the size and color of the terminal that the output goes to.
func (s *Shell) screen() screen {
	if s.tty == nil {
		return screen{}
	}
	width, height, err := term.GetSize(int(s.tty.Fd()))
	if err != nil {
		width, height = 0, 0
	}
	return screen{width, height, wantsColor()}
}

// wantsColor reports whether a terminal may get colors; see no-color.org.
func wantsColor() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }

// paintError makes an error red.
func (s *Shell) paintError(text string) string {
	if _, ok := terminal(s.Stderr); ok && wantsColor() {
		return "\x1b[31m" + text + "\x1b[0m"
	}
	return text
}
