package lower

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"mts/plugins/lower/internal/rt"
)

// A Unit is a package that was type-checked with all of its syntax.
type Unit struct {
	Files []*ast.File
	Pkg   *types.Package
	Info  *types.Info
}

// NewInfo returns the tables that the type checker has to fill in for a Unit.
func NewInfo() *types.Info {
	return &types.Info{
		Types:        map[ast.Expr]types.TypeAndValue{},
		Instances:    map[*ast.Ident]types.Instance{},
		Defs:         map[*ast.Ident]types.Object{},
		Uses:         map[*ast.Ident]types.Object{},
		Implicits:    map[ast.Node]types.Object{},
		Selections:   map[*ast.SelectorExpr]*types.Selection{},
		FileVersions: map[*ast.File]string{},
	}
}

// A Host has what a script uses without its source.
type Host interface {
	// Type returns the type behind t, or nil if t is declared in a Unit.
	Type(t *types.Named) reflect.Type
	// Symbol returns the function or variable of the host that obj is.
	Symbol(obj types.Object) reflect.Value
	// Library returns the unit of a package that is lowered with the script,
	// or nil if pkg is the host's.
	Library(pkg *types.Package) *Unit
}

// A Finding is something that can't be lowered.
type Finding struct {
	Pos token.Pos
	Msg string
}

// A Program is a lowered script: one file of package main.
type Program struct {
	fset    *token.FileSet
	lines   []line
	exports map[string]reflect.Value
	names   map[string]string // of the script's package-level functions
	places  []token.Pos       // by the number that the runtime knows
	runtime *rt.Runtime
	trace   trace
}

// A line is one of the lowered text, and where it comes from.
type line struct {
	pos  token.Pos
	text string
}

// Package lowers the script u for the functions roots that the host calls,
// as far as there are any of them. Without findings the program is complete.
func Package(fset *token.FileSet, u *Unit, host Host, roots ...string) (program *Program, found []Finding) {
	p := newProgram(fset, u, host)
	defer func() {
		if v := recover(); v != nil {
			p.refuse(p.pos, "can't be lowered (%v); write it in another way", v)
			program, found = nil, p.findings
		}
	}()
	p.units()
	names := map[string]string{}
	for _, root := range roots {
		if fn, ok := u.Pkg.Scope().Lookup(root).(*types.Func); ok {
			names[root] = p.root(root, fn)
		}
	}
	p.all()
	p.initialise()
	p.finish()
	slices.SortStableFunc(p.findings, func(a, b Finding) int { return cmp.Compare(a.Pos, b.Pos) })
	program = &Program{fset: fset, lines: p.text(), exports: p.exports, names: names, places: p.places, runtime: p.runtime}
	program.trace.p = program
	p.runtime.Recovered = program.trace.clear
	return program, p.findings
}

// Source returns the program's text, closed by tail: further declarations of
// its package. A program has to call Init first of all.
func (p *Program) Source(tail string) string {
	var b strings.Builder
	for _, l := range p.lines {
		b.WriteString(l.text)
		b.WriteByte('\n')
	}
	b.WriteString(tail)
	return b.String()
}

// Init is the name of the function that initialises the script.
const Init = "I_all"

// Func returns the variable that holds a function of the script that was named
// as a root, or "" if the script doesn't have it.
func (p *Program) Func(name string) string { return p.names[name] }

// Bind lets declarations behind the program call f as h.name.
func (p *Program) Bind(name string, f any) { p.exports[name] = reflect.ValueOf(f) }

// Exports returns what the lowered text imports, for an interpreter's Use.
func (p *Program) Exports() map[string]map[string]reflect.Value {
	return map[string]map[string]reflect.Value{"h/h": p.exports}
}

// Position returns the place in the script that a line of the lowered text
// comes from. Lines count from 1. It isn't valid for lines that come from
// nowhere.
func (p *Program) Position(line int) token.Position {
	if line < 1 || line > len(p.lines) {
		return token.Position{}
	}
	return p.fset.Position(p.lines[line-1].pos)
}

// all lowers the functions that nothing calls, too, for the sake of findings.
func (p *program) all() {
	for _, file := range p.main.Files {
		for _, d := range file.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok || decl.Body == nil || decl.Name.Name == "_" || decl.Name.Name == "init" && decl.Recv == nil {
				continue
			}
			fn, ok := p.main.Info.Defs[decl.Name].(*types.Func)
			if sig := fn.Signature(); ok && sig.TypeParams().Len() == 0 && sig.RecvTypeParams().Len() == 0 {
				p.function(fn, nil)
			}
		}
	}
}

// root declares a variable that holds the function as the host calls it.
func (p *program) root(name string, fn *types.Func) string {
	sig := fn.Signature()
	lowered := p.function(fn, nil)
	mk := p.closure(sig, func(args []string) string { return lowered + "(" + p.pass(args, p.typesOf(sig)) + ")" }, nil)
	v := "R_" + name
	p.varDecls = append(p.varDecls, line{fn.Pos(), "var " + v + " func" + p.signature(sig)})
	p.roots = append(p.roots, line{fn.Pos(), "\t" + v + " = " + mk + "()"})
	return v
}

func (p *program) refuse(pos token.Pos, format string, args ...any) {
	f := Finding{pos, fmt.Sprintf(format, args...)}
	if !slices.Contains(p.findings, f) {
		p.findings = append(p.findings, f)
	}
}
