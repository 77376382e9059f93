// Package script runs operators' Go scripts: interpreted, in this process, on
// behalf of whoever starts them.
//
// A script imports "mts/admin", which is here a package of functions that
// control one server, the packages that plugins may import, fmt with its Print
// functions, and os with Args and Exit alone. It is checked and lowered before it
// runs, as plugins are. A control call that fails ends the script. What a script prints
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
	"strings"
	"time"

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
	defer r.stop()
	program, err := load(ctx, func() (*lower.Program, error) {
		program, found := check.New(r.exports(), hasMain).LoadFile(filepath.Base(path), src, "main")
		return program, checkError(found)
	})
	if err != nil {
		return err
	}
	err = r.run(ctx, program, fmt.Sprintf("func main() {\n%s()\n%s()\n}\n", lower.Init, program.Func("main")))
	if trace := program.Trace(); err != nil && len(trace) > 0 {
		err = fmt.Errorf("%w\n  at %s", err, strings.Join(trace, "\n  at "))
	}
	return err
}

// loadTime is how long a script may take to be checked and lowered: as long as a
// plugin.
const loadTime = 5 * time.Second

// load returns what f returns. It doesn't wait longer than loadTime, and not
// beyond the end of ctx, but can't stop f then.
func load(ctx context.Context, f func() (*lower.Program, error)) (*lower.Program, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, loadTime, fmt.Errorf("the script takes longer than %v to check", loadTime))
	defer cancel()
	var program *lower.Program
	done := make(chan error, 1)
	go func() {
		var err error
		program, err = f()
		done <- err
	}()
	select {
	case err := <-done:
		return program, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
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
