// Package clientcmd is the command mtsclient: it fetches files over
// core/client and saves them whole or not at all.
//
// A run has four steps: the flags are the settings; the plan turns arguments into
// jobs (plan.go); the jobs are carried out in parallel (fetch.go); and each is
// reported in the order of the plan (report.go).
//
// The exit code is 0 if all files were saved or unchanged, 1 if some weren't, 2 for
// wrong usage, 3 if there was no connection, 4 if TLS failed or the server isn't the
// expected one, 5 if the login failed or there was no password, 6 if a file arrived
// incomplete or wrong. The largest that applies wins. After SIGINT the program dies
// of it.
package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"golang.org/x/time/rate"

	"mts/core/client"
	"mts/core/output"
	"mts/core/wire"
)

// Run runs the command with the arguments that follow its name and returns its
// exit code. Prompts need stdin to be a terminal.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, signals := interruptible()
	defer signals.end()
	out := output.New(stdout)
	a := &app{stdin: stdin, stdout: out, screen: stdout, stderr: output.New(stderr), bars: stderr, tally: make(tally), taken: make(map[string]bool)}
	err := a.execute(ctx, args)
	a.fail(err)
	a.fail(out.Err())
	return a.worst
}

// execute parses the arguments and carries them out.
func (a *app) execute(ctx context.Context, args []string) error {
	cmd := a.command()
	if len(args) == 2 {
		switch args[0] {
		case "completion":
			return a.completion(cmd, args[1])
		case "help":
			return a.helpTopic(args[1])
		}
	}
	cmd.SetArgs(args)
	return cmd.ExecuteContext(ctx)
}

// An app is one run of the command.
type app struct {
	settings
	stdin          io.Reader
	stdout, stderr io.Writer
	screen         io.Writer // what stdout writes to, perhaps a terminal
	bars           io.Writer // what stderr writes to, perhaps a terminal
	worst          int       // exit code so far
	outputLost     atomic.Bool

	options  client.Options
	password func() (string, error) // nil: no login with a password

	links    []*link
	final    atomic.Pointer[error] // why no link may connect any more
	folder   *folder               // nil: to stdout, or only a listing
	limiter  *rate.Limiter
	progress *progress
	tally    tally
	taken    map[string]bool        // names that files and trees are saved under
	trees    []*place               // folders that were fetched completely, for --delete
	noticed  atomic.Pointer[string] // the last notice
}

// run carries out the command line.
func (a *app) run(ctx context.Context, args []string) (err error) {
	if a.options, err = a.connectOptions(); err != nil {
		return err
	}
	if args, err = a.addInput(args); err != nil {
		return err
	}
	fetch := !a.list && len(a.exec) == 0
	if fetch && a.output != "-" {
		if a.folder, err = a.openTarget(); err != nil {
			return usageError{fmt.Errorf("--output: %w", err)}
		}
		defer a.folder.close()
	}
	defer a.closeLinks()
	conn, err := a.connect(ctx)
	switch {
	case err != nil && fetch:
		a.reportAll(ctx, args, err)
		return a.advise(ctx, err)
	case err != nil:
		return a.advise(ctx, err)
	case len(a.exec) > 0:
		return a.execAll(ctx, conn)
	case a.list:
		return a.listAll(ctx, args)
	}
	return a.advise(ctx, a.fetchAll(ctx, args))
}

// openTarget opens the folder that files are saved in. With --dry-run it makes
// nothing.
func (a *app) openTarget() (*folder, error) {
	d, err := openFolder(a.output, a.dryRun)
	if err != nil {
		return nil, err
	}
	d.replace = a.force || a.update
	d.lacks.OnLack(a.complain)
	return d, nil
}

// advise returns err with what to do about it. An interrupt hides what it caused.
func (a *app) advise(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errInterrupted) {
		if a.folder != nil && !a.dryRun {
			return fmt.Errorf("%w; with -c the next run goes on from here", errInterrupted)
		}
		return errInterrupted
	}
	return a.explain(err)
}

// fail shows an error, if there is one, and counts it for the exit code.
func (a *app) fail(err error) {
	if err != nil {
		a.complain(err)
		a.worst = max(a.worst, exitCode(err))
	}
}

// complain shows an error on one line. It makes the error printable, because a
// server may have chosen parts of it.
func (a *app) complain(err error) {
	if errors.Is(err, output.ErrWrite) && a.outputLost.Swap(true) {
		return // it has been said
	}
	fmt.Fprintf(a.stderr, "mtsclient: %s\n", wire.Printable(err.Error()))
}
