package worker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/traefik/yaegi/interp"

	"mts/core"
	"mts/plugins/check"
	"mts/plugins/internal/link"
	"mts/plugins/lower"
)

// A script is a plugin in an interpreter.
//
// Exactly one EvalWithContext is in flight for all of the interpreter's life:
// its main hands over the plugin's functions and then blocks in park. Only the
// end of that evaluation's context stops what the interpreter runs, whichever
// goroutine it was called from; code that was stopped returns zero values, so
// that whoever called it has to look at the context.
type script struct {
	ctx       context.Context // its cause is why the script was stopped
	stop      context.CancelCauseFunc
	commands  []core.Command
	hooks     core.Hooks
	close     func()
	configure error
	loaded    chan struct{} // closed when all the above is there
	evaluated chan struct{} // closed when the evaluation has ended
	err       error         // why it ended
}

// load checks, lowers and interprets the plugin. It returns when the plugin is
// there, or was stopped.
func (p *plugin) load(ctx context.Context, stop context.CancelCauseFunc) (*script, error) {
	p.loading.Lock()
	defer p.loading.Unlock()
	program, err := p.lower()
	if err != nil {
		return nil, err
	}
	s := &script{ctx: ctx, stop: stop, loaded: make(chan struct{}), evaluated: make(chan struct{})}
	s.bind(program, p.settings)
	in := interp.New(interp.Options{
		Stdin:                strings.NewReader(""),
		Stdout:               os.Stderr,
		Stderr:               program.Stderr(os.Stderr),
		Args:                 []string{p.name},
		Env:                  []string{},
		SourcecodeFilesystem: nothing{},
	})
	if err := in.Use(program.Exports()); err != nil {
		return nil, err
	}
	go s.evaluate(in, program)
	select {
	case <-s.loaded:
		return s, s.configure
	case <-s.evaluated:
		return nil, s.err
	}
}

// nothing has no files for scripts to import.
type nothing struct{}

func (nothing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// lower returns the plugin's program, or what is wrong with it, one finding a
// line.
func (p *plugin) lower() (*lower.Program, error) {
	files, err := fs.Sub(p.files, link.Folder+p.name)
	if err != nil {
		return nil, err
	}
	program, found := check.NewPlugin().Load(files, p.name, "Configure", "Commands", "Hooks", "Close")
	if len(found) > 0 {
		lines := make([]string, len(found))
		for i, f := range found {
			f.Pos.Filename = p.name + "/" + f.Pos.Filename
			lines[i] = f.String()
		}
		return nil, errors.New(strings.Join(lines, "\n"))
	}
	return program, nil
}

func (s *script) evaluate(in *interp.Interpreter, program *lower.Program) {
	defer close(s.evaluated)
	defer func() {
		if p := recover(); p != nil {
			s.err = fmt.Errorf("panic: %v%s", p, where(program))
		}
	}()
	_, s.err = in.EvalWithContext(s.ctx, program.Source(main(program)))
	if cause := context.Cause(s.ctx); cause != nil {
		s.err = cause
	} else if s.err != nil {
		s.err = fmt.Errorf("%w%s", s.err, where(program))
	}
}

// where returns the places in the script that the last panic went through.
func where(program *lower.Program) string {
	if trace := program.Trace(); len(trace) > 0 {
		return "\n\t" + strings.Join(trace, "\n\t")
	}
	return ""
}

// traced has a panic of f say on the standard error where in the script it was.
func traced[C any](program *lower.Program, f func(C) error) func(C) error {
	if f == nil {
		return nil
	}
	return func(c C) error {
		done := false
		defer func() {
			if at := where(program); !done && at != "" {
				fmt.Fprintln(os.Stderr, "the plugin panicked:"+at)
			}
		}()
		err := f(c)
		done = true
		return err
	}
}

// bind is how the plugin's main reaches s.
func (s *script) bind(program *lower.Program, settings map[string]any) {
	program.Bind("BootConfigure", func(f func(map[string]any) error) bool {
		s.configure = f(settings)
		return s.configure == nil
	})
	program.Bind("BootCommands", func(f func() []core.Command) {
		s.commands = f()
		for i := range s.commands {
			s.commands[i].Run = traced(program, s.commands[i].Run)
		}
	})
	program.Bind("BootHooks", func(f func() core.Hooks) {
		s.hooks = f()
		for _, hook := range []*func(*core.Call) error{&s.hooks.Connect, &s.hooks.Login, &s.hooks.Open} {
			*hook = traced(program, *hook)
		}
	})
	program.Bind("BootClose", func(f func()) { s.close = f })
	program.Bind("BootPark", func() {
		close(s.loaded)
		<-s.evaluated
	})
}

// main returns the function that initialises the plugin, hands over what it
// has and then blocks.
func main(program *lower.Program) string {
	var b strings.Builder
	fmt.Fprintf(&b, "func main() {\n%s()\n", lower.Init)
	if f := program.Func("Configure"); f != "" {
		fmt.Fprintf(&b, "if h.BootConfigure(%s) {\n", f)
	} else {
		b.WriteString("{\n")
	}
	for _, name := range []string{"Commands", "Hooks", "Close"} {
		if f := program.Func(name); f != "" {
			fmt.Fprintf(&b, "h.Boot%s(%s)\n", name, f)
		}
	}
	b.WriteString("}\nh.BootPark()\n}\n")
	return b.String()
}
