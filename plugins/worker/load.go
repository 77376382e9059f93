package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/traefik/yaegi/interp"

	"mts/core"
	"mts/plugins/internal/link"
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
	commands  []core.Command
	hooks     core.Hooks
	close     func()
	configure error
	loaded    chan struct{} // closed when all the above is there
	evaluated chan struct{} // closed when the evaluation has ended
	err       error         // why it ended
}

// A program is what the interpreter gets of a plugin.
type program struct {
	main    string
	symbols []interp.Exports
	files   fs.FS           // of what main imports
	stderr  io.Writer       // for what the interpreter says
	trace   func() []string // the places in the script that the last panic went through; may be nil
}

var (
	errFindings = errors.New("the check has found something")
	errNothing  = errors.New("the plugin offers nothing: it has neither func Commands() []core.Command nor func Hooks() core.Hooks")
)

// start checks and loads the plugin, until ctx ends.
func (p *plugin) start(ctx context.Context) (*script, link.Ready) {
	s := &script{ctx: ctx, loaded: make(chan struct{}), evaluated: make(chan struct{})}
	prog, findings, err := p.compile(p, s)
	if err == nil {
		err = s.load(p.Name, prog)
	}
	if err != nil {
		return nil, link.Ready{Err: err, Findings: findings}
	}
	return s, link.Ready{Commands: s.commands, Hooks: link.HookNames(s.hooks)}
}

// load interprets the program. It returns when the plugin is there, or was
// stopped.
func (s *script) load(name string, prog program) error {
	in := interp.New(interp.Options{
		Stdin:                strings.NewReader(""),
		Stdout:               os.Stderr,
		Stderr:               prog.stderr,
		Args:                 []string{name},
		Env:                  []string{},
		SourcecodeFilesystem: prog.files,
	})
	for _, table := range prog.symbols {
		if err := in.Use(table); err != nil {
			return err
		}
	}
	go s.evaluate(in, prog)
	select {
	case <-s.loaded:
		return s.configure
	case <-s.evaluated:
		return s.err
	}
}

func (s *script) evaluate(in *interp.Interpreter, prog program) {
	defer close(s.evaluated)
	defer func() {
		if p := recover(); p != nil {
			s.err = fmt.Errorf("panic: %v%s", p, prog.where())
		}
	}()
	_, s.err = in.EvalWithContext(s.ctx, prog.main)
	if cause := context.Cause(s.ctx); cause != nil {
		s.err = cause
	} else if s.err != nil {
		s.err = fmt.Errorf("%w%s", s.err, prog.where())
	}
}

// where returns the trace, a line each.
func (p program) where() string {
	if p.trace == nil {
		return ""
	}
	var b strings.Builder
	for _, place := range p.trace() {
		b.WriteString("\n\t" + place)
	}
	return b.String()
}

// configured hands the plugin its settings. It reports whether the plugin is to
// go on and offer what it has.
func (s *script) configured(p *plugin, f func(map[string]any) error) bool {
	if p.Check { // what the plugin offers may depend on settings that aren't there
		return false
	}
	s.configure = f(p.Settings)
	return s.configure == nil
}

// park tells that the plugin is loaded, and returns when the evaluation has
// ended.
func (s *script) park() {
	close(s.loaded)
	<-s.evaluated
}
