// Package clientcmd is the command mtsclient: it fetches files over
// core/client and saves them whole or not at all.
//
// The exit code is 0 if all files were saved, 1 if some weren't, 2 for wrong
// usage, 3 if there was no connection, 4 if TLS failed or the server isn't the
// expected one, 5 if the login failed or there was no password, 6 if a file arrived
// incomplete or wrong. The largest that applies wins.
package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/time/rate"

	"mts/core"
	"mts/core/client"
	"mts/core/wire"
)

// The exit codes.
const (
	exitOK        = 0
	exitSome      = 1
	exitUsage     = 2
	exitConnect   = 3
	exitTLS       = 4
	exitLogin     = 5
	exitIntegrity = 6
)

// Run runs the command with the arguments that follow its name and returns its
// exit code. Prompts need stdin to be a terminal.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{stdin: stdin, stdout: stdout, stderr: &shared{w: stderr}, screen: stderr}
	cmd := a.command()
	if len(args) == 2 && args[0] == "completion" {
		return a.completion(cmd, args[1])
	}
	cmd.SetArgs(args)
	if err := cmd.ExecuteContext(ctx); err != nil {
		a.complain(err)
		a.worst = max(a.worst, exitCode(err))
	}
	return a.worst
}

// An app is one run of the command.
type app struct {
	settings
	stdin          io.Reader
	stdout, stderr io.Writer
	screen         io.Writer // shows bars if it is a terminal
	worst          int       // exit code so far

	options  client.Options
	password func() (string, error) // nil: no login with a password

	links    []*link
	folder   *folder // nil: to stdout
	limiter  *rate.Limiter
	progress *progress
}

// run carries out the command line.
func (a *app) run(ctx context.Context, args []string) (err error) {
	if a.options, err = a.connectOptions(); err != nil {
		return err
	}
	fetch := !a.list && len(a.exec) == 0
	if fetch && a.output != "-" {
		if a.folder, err = openFolder(a.output, a.force); err != nil {
			return usageError{fmt.Errorf("--output: %w", err)}
		}
		defer a.folder.close()
	}
	defer a.closeLinks()
	conn, err := a.connect(ctx)
	switch {
	case err != nil && fetch:
		a.reportAll(ctx, args, err)
		return err
	case err != nil:
		return err
	case len(a.exec) > 0:
		return a.execAll(ctx, conn)
	case a.list:
		return a.listAll(ctx, conn, args)
	}
	return a.fetchAll(ctx, args)
}

// A shared is a writer that several goroutines may use.
type shared struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

// complain shows an error on one line. It makes the error printable, because a
// server may have chosen parts of it.
func (a *app) complain(err error) {
	fmt.Fprintf(a.stderr, "mtsclient: %s\n", wire.Printable(err.Error()))
}

// A usageError is a mistake in the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitCode returns the exit code for an error.
func exitCode(err error) int {
	var usage usageError
	var refusal *core.Error
	var gave *gaveUp
	switch {
	case errors.As(err, &gave):
		return max(exitCode(gave.failure), exitCode(gave.then))
	case errors.Is(err, context.Canceled):
		return exitSome
	case errors.Is(err, client.ErrIntegrity), errors.Is(err, wire.ErrProtocol) && !errors.Is(err, client.ErrConnect):
		return exitIntegrity
	case errors.Is(err, client.ErrConnect):
		return exitConnect
	case errors.Is(err, client.ErrTLS):
		return exitTLS
	case errors.Is(err, client.ErrLogin):
		return exitLogin
	case errors.As(err, &usage), errors.Is(err, client.ErrURL), errors.Is(err, client.ErrLine):
		return exitUsage
	case errors.As(err, &refusal):
		return refusalCode(refusal.Code)
	case errors.Is(err, client.ErrLost):
		return exitIntegrity
	}
	return exitSome
}

func refusalCode(code core.Code) int {
	switch code {
	case core.CodeAuthRequired, core.CodeAuthFailed, core.CodeTLSRequired:
		return exitLogin
	case core.CodeChanged:
		return exitIntegrity
	}
	return exitSome
}
