package script

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
	"strconv"
	"strings"

	"mts/plugins/check"
	"mts/plugins/lower"
)

// An Evaluator evaluates one piece of Go after another. A piece is an expression,
// or statements, or declarations of imports, constants and types alone. Later
// pieces can use what it declares.
//
// Each piece is a program of its own, which is lowered and interpreted as any
// script. It gets the variables of earlier pieces as pointers.
type Evaluator struct {
	runner  *runner
	checker *check.Checker
	pkg     *types.Package // that was checked last

	imports map[string]string // paths by the name of the package
	decls   []string          // of constants and types
	names   map[string]bool   // what decls declare
	vars    map[string]variable
}

// NewEvaluator returns an evaluator that has fmt and mts/admin imported. The
// caller closes it.
func NewEvaluator(env Env) *Evaluator {
	e := &Evaluator{
		runner:  newRunner(env),
		imports: map[string]string{"fmt": "fmt", "admin": "mts/admin"},
		names:   map[string]bool{},
		vars:    map[string]variable{},
	}
	exports := e.runner.exports()
	for _, typ := range rowTypes {
		addNames(exports, reflect.TypeOf(typ).Elem())
	}
	e.checker = check.New(exports, func(pkg *types.Package, _ func(token.Pos, string)) { e.pkg = pkg })
	return e
}

// Close stops the functions that pieces have left behind.
func (e *Evaluator) Close() { e.runner.stop() }

// Eval evaluates a piece, and returns the value of an expression as text. When
// ctx ends it returns the cause; the Evaluator must not be used after that.
func (e *Evaluator) Eval(ctx context.Context, src string) (value string, err error) {
	var p *piece
	program, err := load(ctx, func() (program *lower.Program, err error) {
		if decls, ok := declarations(src); ok {
			return nil, e.declare(decls, src)
		}
		p, program, err = e.compile(src)
		return program, err
	})
	if err != nil || program == nil {
		return "", err
	}
	program.Bind("Value", func(s string) { value = s })
	if err := e.runner.run(ctx, program, e.main(p, program)); err != nil {
		return "", err
	}
	return value, nil
}

// load checks and lowers a file.
func (e *Evaluator) load(src string) (*lower.Program, error) {
	program, found := e.checker.LoadFile("eval", []byte(src), evalFunc)
	if len(found) > 0 {
		return nil, errors.New(found[0].Msg)
	}
	return program, nil
}

// declarations returns what src declares, if it is declarations alone.
func declarations(src string) ([]ast.Decl, bool) {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p;"+src, parser.SkipObjectResolution)
	if err != nil {
		return nil, false
	}
	for _, d := range f.Decls {
		if gen, ok := d.(*ast.GenDecl); !ok || gen.Tok == token.VAR {
			return nil, false
		}
	}
	return f.Decls, len(f.Decls) > 0
}

// declare takes over imports, or constants and types.
func (e *Evaluator) declare(decls []ast.Decl, src string) error {
	if gen := decls[0].(*ast.GenDecl); gen.Tok == token.IMPORT {
		return e.addImports(gen)
	}
	names := declared(decls)
	for _, name := range names {
		if _, ok := e.vars[name]; ok || e.names[name] {
			return fmt.Errorf("%s is declared already; use another name", name)
		}
	}
	if _, err := e.load(e.head(src, nil) + src + "\n"); err != nil {
		return err
	}
	e.decls = append(e.decls, src)
	for _, name := range names {
		e.names[name] = true
	}
	return nil
}

// declared returns the names of constants and types.
func declared(decls []ast.Decl) (names []string) {
	for _, d := range decls {
		for _, spec := range d.(*ast.GenDecl).Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, id := range spec.Names {
					names = append(names, id.Name)
				}
			}
		}
	}
	return names
}

func (e *Evaluator) addImports(gen *ast.GenDecl) error {
	for _, spec := range gen.Specs {
		spec := spec.(*ast.ImportSpec)
		if _, err := e.load("package main\nimport _ " + spec.Path.Value + "\n"); err != nil {
			return err
		}
		name := e.pkg.Imports()[0].Name()
		if spec.Name != nil {
			name = spec.Name.Name
		}
		e.imports[name], _ = strconv.Unquote(spec.Path.Value)
	}
	return nil
}

// head returns the beginning of a file that has the text in it: what the
// evaluator has imported and declared. More are further imports, names by path.
func (e *Evaluator) head(text string, more map[string]string) string {
	var b strings.Builder
	b.WriteString("package main\n")
	for p, name := range more {
		fmt.Fprintf(&b, "import %s %q\n", name, p)
	}
	decls := strings.Join(e.decls, "\n") + "\n"
	used := qualifiers(decls + text)
	for name, p := range e.imports {
		if used[name] {
			fmt.Fprintf(&b, "import %s %q\n", name, p)
		}
	}
	b.WriteString(decls)
	return b.String()
}
