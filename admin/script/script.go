// Package script runs operators' Go scripts: interpreted, in this process, on
// behalf of whoever starts them.
//
// A script imports "mts/admin", which is here a package of functions that
// control one server, the packages that plugins may import, fmt with its Print
// functions, and os with Args and Exit alone. It is checked before it runs, as
// plugins are. A control call that fails ends the script. What a script prints
// is made printable: clients choose some of the names that it shows.
package script

import (
	"context"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/traefik/yaegi/interp"

	"mts/admin"
	"mts/plugins/check"
	"mts/plugins/lower"
)

// An Env is the environment of a script.
type Env struct {
	// Dial connects to the server: for each script, and each evaluation.
	Dial   func(context.Context) (*admin.Client, error)
	Args   []string // os.Args: the script's name first
	Stdout io.Writer
	Stderr io.Writer // for the interpreter's traces of panics

	// Table shows rows under a heading, in the operator's format.
	Table func(head []string, rows [][]string) error
}

// An ExitError says that a script called os.Exit with a status other than 0.
type ExitError int

func (e ExitError) Error() string { return fmt.Sprintf("the script ended with status %d", int(e)) }

// checkError returns an error with one line for each finding, or nil if there are
// none.
func checkError(found []check.Finding) error {
	var errs []error
	for _, f := range found {
		errs = append(errs, errors.New(f.String()))
	}
	return errors.Join(errs...)
}

// Run checks the script in the file at path and runs it until it ends, or until
// ctx ends: then Run returns the cause. The error of the check has one line for
// each finding. A script that computes then ends soon after; a function
// of the standard library that it calls goes on to its own end.
func Run(ctx context.Context, env Env, path string) error {
	src, err := read(path)
	if err != nil {
		return err
	}
	r := newRunner(env)
	program, found := check.New(r.exports(), hasMain).LoadFile(filepath.Base(path), src, "main")
	if err := checkError(found); err != nil {
		return err
	}
	r.in = r.interpreter(program.Stderr(&printer{r: r, w: env.Stderr}))
	r.initErr = r.in.Use(program.Exports())
	_, err = r.eval(ctx, program.Source("func main() {\n"+lower.Init+"()\n"+program.Func("main")+"()\n}\n"))
	if trace := program.Trace(); err != nil && len(trace) > 0 {
		err = fmt.Errorf("%w\n\tat %s", err, strings.Join(trace, "\n\tat "))
	}
	return err
}

// hasMain reports a script without a function main.
func hasMain(pkg *types.Package, report func(token.Pos, string)) {
	if _, ok := pkg.Scope().Lookup("main").(*types.Func); !ok {
		report(token.NoPos, "func main is missing")
	}
}

// read returns the content of a script, up to one byte more than the check accepts.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, check.MaxBytes+1))
}

// A runner is an interpreter with the packages that a script may import.
type runner struct {
	env     Env
	in      *interp.Interpreter
	initErr error // why the interpreter can't be used

	// These belong to the evaluation that runs.
	client *admin.Client
	ctx    context.Context

	mu      sync.Mutex
	over    bool  // the script may not print or call any more
	failure error // why the script ended itself
}

func newRunner(env Env) *runner {
	r := &runner{env: env}
	r.env.Stdout = &printer{r: r, w: env.Stdout}
	r.in = r.interpreter(&printer{r: r, w: env.Stderr})
	r.initErr = r.in.Use(r.exports())
	return r
}

func (r *runner) interpreter(stderr io.Writer) *interp.Interpreter {
	return interp.New(interp.Options{
		Stdin:                strings.NewReader(""),
		Stdout:               r.env.Stdout,
		Stderr:               stderr,
		Env:                  []string{},
		SourcecodeFilesystem: noFiles{},
	})
}

var errExitZero = errors.New("exit status 0")

// eval evaluates source and returns its value as text, if it has one.
func (r *runner) eval(ctx context.Context, src string) (value string, err error) {
	if r.initErr != nil {
		return "", r.initErr
	}
	if r.client, err = r.env.Dial(ctx); err != nil {
		return "", err
	}
	defer r.client.Close()
	r.ctx, r.failure = ctx, nil
	r.setOver(false, nil)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	v, err := r.in.EvalWithContext(ctx, src)
	if err := r.setOver(true, context.Cause(ctx)); errors.Is(err, errExitZero) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	if p := (interp.Panic{}); errors.As(err, &p) {
		return "", fmt.Errorf("panic: %v", p.Value)
	}
	if err == nil && v.IsValid() && v.CanInterface() {
		value = fmt.Sprintf("%+v", v.Interface())
	}
	return value, err
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
