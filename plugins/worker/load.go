package worker

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"reflect"
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

var errFindings = errors.New("the check has found something")

var errNothing = errors.New("the plugin offers nothing: it has neither func Commands() []core.Command nor func Hooks() core.Hooks")

// start checks and loads the plugin, until ctx ends.
func (p *plugin) start(ctx context.Context) (*script, link.Ready) {
	files, err := fs.Sub(p.files, link.Folder+p.Name)
	if err != nil {
		return nil, link.Ready{Err: err}
	}
	var r link.Ready
	for _, finding := range p.lang.check(files, p.Name) {
		r.Findings = append(r.Findings, finding.String())
	}
	if len(r.Findings) > 0 {
		r.Err = errFindings
		return nil, r
	}
	s, err := p.load(ctx)
	if err != nil {
		return nil, link.Ready{Err: err}
	}
	return s, link.Ready{Commands: s.commands, Hooks: link.HookNames(s.hooks)}
}

// load interprets the plugin. It returns when the plugin is there, or was
// stopped.
func (p *plugin) load(ctx context.Context) (*script, error) {
	main, err := p.main()
	if err != nil {
		return nil, err
	}
	s := &script{ctx: ctx, loaded: make(chan struct{}), evaluated: make(chan struct{})}
	in := interp.New(interp.Options{
		Stdin:                strings.NewReader(""),
		Stdout:               os.Stderr,
		Stderr:               os.Stderr,
		Args:                 []string{p.Name},
		Env:                  []string{},
		SourcecodeFilesystem: p.files,
	})
	for _, table := range append(p.lang.symbols, s.exports(p.Settings)) {
		if err := in.Use(table); err != nil {
			return nil, err
		}
	}
	go s.evaluate(in, main)
	select {
	case <-s.loaded:
		return s, s.configure
	case <-s.evaluated:
		return nil, s.err
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

// exports is how the plugin's main reaches s.
func (s *script) exports(settings map[string]any) interp.Exports {
	return interp.Exports{"mts/boot/boot": {
		"Configure": reflect.ValueOf(func(f func(map[string]any) error) bool {
			s.configure = f(settings)
			return s.configure == nil
		}),
		"Commands": reflect.ValueOf(func(c []core.Command) { s.commands = c }),
		"Hooks":    reflect.ValueOf(func(h core.Hooks) { s.hooks = h }),
		"Close":    reflect.ValueOf(func(f func()) { s.close = f }),
		"Park": reflect.ValueOf(func() {
			close(s.loaded)
			<-s.evaluated
		}),
	}}
}

// main returns the program that hands over what the plugin has.
func (p *plugin) main() (string, error) {
	has, err := p.functions()
	if err != nil {
		return "", err
	}
	if !has["Commands"] && !has["Hooks"] {
		return "", errNothing
	}
	var b strings.Builder
	fmt.Fprintf(&b, "package main\nimport (\n\"mts/boot\"\np \"plug/%s\"\n)\nfunc main() {\n", p.Name)
	switch {
	case !has["Configure"]:
		b.WriteString("{\n")
	case p.Check: // what the plugin offers may depend on settings that aren't there
		b.WriteString("if _ = p.Configure; false {\n")
	default:
		b.WriteString("if boot.Configure(p.Configure) {\n")
	}
	for _, name := range []string{"Commands", "Hooks"} {
		if has[name] {
			fmt.Fprintf(&b, "boot.%s(p.%s())\n", name, name)
		}
	}
	if has["Close"] {
		b.WriteString("boot.Close(p.Close)\n")
	}
	b.WriteString("}\nboot.Park()\n}\n")
	return b.String(), nil
}

// functions returns the names of the plugin's functions.
func (p *plugin) functions() (map[string]bool, error) {
	sources, err := fs.Glob(p.files, link.Folder+p.Name+"/*.go")
	if err != nil {
		return nil, err
	}
	has := make(map[string]bool)
	for _, name := range sources {
		src, err := fs.ReadFile(p.files, name)
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(token.NewFileSet(), strings.TrimPrefix(name, link.Folder), src, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range f.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				has[f.Name.Name] = true
			}
		}
	}
	return has, nil
}
