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
	files   fs.FS // of what main imports
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

// compile checks the plugin and makes a program of it, which hands over to s
// what it offers.
func compile(p *plugin, s *script) (prog program, findings []string, err error) {
	files, err := fs.Sub(p.files, link.Folder+p.Name)
	if err != nil {
		return prog, nil, err
	}
	for _, finding := range check.NewPlugin().Dir(files, p.Name) {
		findings = append(findings, finding.String())
	}
	if len(findings) > 0 {
		return prog, findings, errFindings
	}
	return raw(p, s)
}

// load interprets the program. It returns when the plugin is there, or was
// stopped.
func (s *script) load(name string, prog program) error {
	in := interp.New(interp.Options{
		Stdin:                strings.NewReader(""),
		Stdout:               os.Stderr,
		Stderr:               os.Stderr,
		Args:                 []string{name},
		Env:                  []string{},
		SourcecodeFilesystem: prog.files,
	})
	for _, table := range prog.symbols {
		if err := in.Use(table); err != nil {
			return err
		}
	}
	go s.evaluate(in, prog.main)
	select {
	case <-s.loaded:
		return s.configure
	case <-s.evaluated:
		return s.err
	}
}

func (s *script) evaluate(in *interp.Interpreter, main string) {
	defer close(s.evaluated)
	defer func() {
		if p := recover(); p != nil {
			s.err = fmt.Errorf("panic: %v", p)
		}
	}()
	_, s.err = in.EvalWithContext(s.ctx, main)
	if cause := context.Cause(s.ctx); cause != nil {
		s.err = cause
	}
}
