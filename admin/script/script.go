// Package script runs operators' Go scripts: interpreted, in this process, on
// behalf of whoever starts them.
//
// A script imports "mts/admin", which is here a package of functions that
// steer one server, the packages that plugins may import, fmt with its Print
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

// An Env is what a script works with.
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

// A CheckError has what is wrong with a script, one finding a line.
type CheckError []check.Finding

func (e CheckError) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Run runs the script in the file at path, to its end or that of ctx, whose
// cause it then returns. A script that computes is left behind by then, and
// ends soon; a function of the host that it may be in isn't ended.
func Run(ctx context.Context, env Env, path string) error {
	src, err := read(path)
	if err != nil {
		return err
	}
	r := newRunner(env)
	program, found := check.New(r.exports(), hasMain).LoadFile(filepath.Base(path), src, "main")
	if len(found) > 0 {
		return CheckError(found)
	}
	r.in = r.interpreter(program.Stderr(&printer{r: r, w: env.Stderr}))
	r.broken = r.in.Use(program.Exports())
	_, err = r.eval(ctx, program.Source("func main() {\n"+lower.Init+"()\n"+program.Func("main")+"()\n}\n"))
	if trace := program.Trace(); err != nil && len(trace) > 0 {
		err = fmt.Errorf("%w\n\tat %s", err, strings.Join(trace, "\n\tat "))
	}
	return err
}

// hasMain wants a function to start with.
func hasMain(pkg *types.Package, report func(token.Pos, string)) {
	if _, ok := pkg.Scope().Lookup("main").(*types.Func); !ok {
		report(token.NoPos, "func main is missing")
	}
}

// read returns a script, if it isn't longer than the check allows.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, check.MaxBytes+1))
}

// A runner is an interpreter with all that a script may import.
type runner struct {
	env    Env
	in     *interp.Interpreter
	broken error // why there is no interpreter

	// Of the evaluation under way.
	client *admin.Client
	ctx    context.Context

	mu      sync.Mutex
	over    bool  // nothing may be printed or called any more
	failure error // why the script ended itself
}

func newRunner(env Env) *runner {
	r := &runner{env: env}
	r.env.Stdout = &printer{r: r, w: env.Stdout}
	r.in = r.interpreter(&printer{r: r, w: env.Stderr})
	r.broken = r.in.Use(r.exports())
	return r
}

func (r *runner) interpreter(stderr io.Writer) *interp.Interpreter {
	return interp.New(interp.Options{
		Stdin:                strings.NewReader(""),
		Stdout:               r.env.Stdout,
		Stderr:               stderr,
		Env:                  []string{},
		SourcecodeFilesystem: nowhere{},
	})
}

var errDone = errors.New("exit status 0")

// eval evaluates source and returns its value as text, if it has one.
func (r *runner) eval(ctx context.Context, src string) (value string, err error) {
	if r.broken != nil {
		return "", r.broken
	}
	if r.client, err = r.env.Dial(ctx); err != nil {
		return "", err
	}
	defer r.client.Close() // which ends a call that is under way
	r.ctx, r.failure = ctx, nil
	r.finish(false, nil)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	v, err := r.in.EvalWithContext(ctx, src)
	if err := r.finish(true, context.Cause(ctx)); errors.Is(err, errDone) {
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

// finish lets the script print and call, or no longer. It returns why the
// script ended itself, or else cause.
func (r *runner) finish(over bool, cause error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = over
	if r.failure == nil {
		r.failure = cause
	}
	return r.failure
}

// fail ends the script, in whose goroutine it is called. The script can't
// recover from it, and its deferred functions do nothing more that is seen.
func (r *runner) fail(err error) {
	r.finish(true, err)
	runtime.Goexit()
}

// exit is the scripts' os.Exit.
func (r *runner) exit(code int) {
	if code == 0 {
		r.fail(errDone)
	}
	r.fail(ExitError(code))
}

// heed ends the script if it was ended already.
func (r *runner) heed() {
	r.mu.Lock()
	over := r.over
	r.mu.Unlock()
	if over {
		runtime.Goexit()
	}
}
