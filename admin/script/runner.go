package script

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/traefik/yaegi/interp"

	"mts/admin"
	"mts/plugins/lower"
)

// A runner runs programs that share variables, one after the other.
type runner struct {
	env   Env
	alive context.Context // of the programs and what they leave behind
	stop  context.CancelFunc

	// These belong to the program that runs.
	client *admin.Client
	ctx    context.Context

	mu      sync.Mutex
	over    bool  // the script may not print or call any more
	failure error // why the script ended itself
}

func newRunner(env Env) *runner {
	r := &runner{env: env}
	r.alive, r.stop = context.WithCancel(context.Background())
	r.env.Stdout, r.env.Stderr = &printer{r: r, w: env.Stdout}, &printer{r: r, w: env.Stderr}
	return r
}

var errExitZero = errors.New("exit status 0")

// run runs a program, whose function main is main, until it ends or calls h.Park,
// or until ctx ends. The end of ctx also stops the functions that earlier
// programs have left behind.
func (r *runner) run(ctx context.Context, p *lower.Program, main string) (err error) {
	if r.client, err = r.env.Dial(ctx); err != nil {
		return err
	}
	defer r.client.Close()
	r.ctx, r.failure = ctx, nil
	r.setOver(false, nil)
	ended, parked := make(chan error, 1), make(chan struct{})
	p.Bind("Park", func() {
		close(parked)
		<-r.alive.Done()
	})
	go func() { ended <- r.interpret(p, main) }()
	select {
	case err = <-ended:
	case <-parked:
	case <-ctx.Done():
		r.stop()
	}
	switch failure := r.setOver(true, context.Cause(ctx)); {
	case errors.Is(failure, errExitZero):
		return nil
	case failure != nil:
		return failure
	}
	return err
}

// interpret runs a program until it ends, or until r.alive does.
func (r *runner) interpret(p *lower.Program, main string) (err error) {
	in := interp.New(interp.Options{
		Stdin:                strings.NewReader(""),
		Stdout:               r.env.Stdout,
		Stderr:               p.Stderr(r.env.Stderr),
		Env:                  []string{},
		SourcecodeFilesystem: noFiles{},
	})
	p.Bind("Print", r.print)
	if err := in.Use(p.Exports()); err != nil {
		return err
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	_, err = in.EvalWithContext(r.alive, p.Source(main))
	if v, ok := errors.AsType[interp.Panic](err); ok {
		return fmt.Errorf("panic: %v", v.Value)
	}
	return err
}

// print is the builtin print or println.
func (r *runner) print(line bool, args ...any) {
	if line {
		fmt.Fprintln(r.env.Stderr, args...)
	} else {
		fmt.Fprint(r.env.Stderr, args...)
	}
}

// setOver sets whether the script is over, after which it may not print or call
// any more. It returns why the script ended itself, or else cause.
func (r *runner) setOver(over bool, cause error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = over
	if r.failure == nil {
		r.failure = cause
	}
	return r.failure
}

// fail ends the script; the script's goroutine calls it. The script can't
// recover from that, and its deferred functions print nothing more.
func (r *runner) fail(err error) {
	r.setOver(true, err)
	runtime.Goexit()
}

// exit is the scripts' os.Exit.
func (r *runner) exit(code int) {
	if code == 0 {
		r.fail(errExitZero)
	}
	r.fail(ExitError(code))
}

// checkOver ends the calling goroutine if the script is over.
func (r *runner) checkOver() {
	r.mu.Lock()
	over := r.over
	r.mu.Unlock()
	if over {
		runtime.Goexit()
	}
}
