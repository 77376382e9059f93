package script

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"mts/plugins/lower"
)

// A variable is one that a piece has declared.
type variable struct {
	typ     types.Type
	pointer reflect.Value
}

// A piece is statements that were checked.
type piece struct {
	text string   // variables of earlier pieces are written as what their pointers point to
	uses []string // variables of earlier pieces
	keep []*types.Var
}

// Names in the files of pieces.
const (
	evalFunc  = "eval_"
	valueName = "value_" // what an expression is, as text
	fmtName   = "fmt_"
)

// compile checks and lowers src: an expression with a value, or else statements.
func (e *Evaluator) compile(src string) (*piece, *lower.Program, error) {
	forms := []string{src}
	if expr, err := parser.ParseExpr(src); err == nil {
		value := src[expr.Pos()-1 : expr.End()-1] // without a comment
		forms = []string{fmt.Sprintf("%s = %s.Sprintf(\"%%+v\", %s)", valueName, fmtName, value)}
		if _, call := expr.(*ast.CallExpr); call {
			forms = append(forms, src)
		}
	}
	var errs []error
	for _, form := range forms {
		p, err := e.check(form)
		if err == nil {
			program, err := e.lower(p)
			return p, program, err
		}
		errs = append(errs, err)
	}
	return nil, nil, errs[0]
}

// check type-checks statements, with the variables of earlier pieces beside them.
func (e *Evaluator) check(text string) (*piece, error) {
	t := typeNames{"fmt": fmtName}
	var vars strings.Builder
	for name, v := range e.vars {
		fmt.Fprintf(&vars, "var %s %s\n", name, t.name(v.typ))
	}
	before := fmt.Sprintf("%s%svar %s string\nvar _ = %s.Sprint\nfunc %s() {\n",
		e.head(text, t), vars.String(), valueName, fmtName, evalFunc)
	src := before + text + "\n" + use(text) + "}\n"
	if _, err := e.load(src); err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	pkg, err := (&types.Config{Importer: packages(e.pkg.Imports())}).Check("main", fset, []*ast.File{file}, info)
	if err != nil {
		return nil, err
	}
	p := &piece{text: text}
	p.dereference(pkg, info, func(id *ast.Ident) int { return fset.Position(id.Pos()).Offset - len(before) })
	scope := pkg.Scope().Lookup(evalFunc).(*types.Func).Scope()
	for _, name := range scope.Names() {
		if v, ok := scope.Lookup(name).(*types.Var); ok {
			p.keep = append(p.keep, v)
		}
	}
	return p, nil
}

// packages are what a file imports.
type packages []*types.Package

func (all packages) Import(p string) (*types.Package, error) {
	for _, pkg := range all {
		if pkg.Path() == p {
			return pkg, nil
		}
	}
	return nil, errors.New("no package " + p)
}

// dereference writes the package's variables, which are those of earlier pieces,
// as what their pointers point to.
func (p *piece) dereference(pkg *types.Package, info *types.Info, offset func(*ast.Ident) int) {
	var ids []*ast.Ident
	for id, obj := range info.Uses {
		if _, ok := obj.(*types.Var); ok && obj.Parent() == pkg.Scope() && id.Name != valueName {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b *ast.Ident) int { return int(b.Pos() - a.Pos()) })
	for _, id := range ids {
		at := offset(id)
		p.text = p.text[:at] + "(*" + id.Name + ")" + p.text[at+len(id.Name):]
		if !slices.Contains(p.uses, id.Name) {
			p.uses = append(p.uses, id.Name)
		}
	}
}

// lower makes a program of a piece, with a function that takes pointers to the
// variables that are there and returns those to new ones.
func (e *Evaluator) lower(p *piece) (*lower.Program, error) {
	t := typeNames{"fmt": fmtName}
	var params, results []string
	var keep strings.Builder
	results = append(results, valueName+" string")
	for _, name := range p.uses {
		params = append(params, name+" *"+t.name(e.vars[name].typ))
	}
	for i, v := range p.keep {
		results = append(results, fmt.Sprintf("keep%d_ *%s", i, t.name(v.Type())))
		fmt.Fprintf(&keep, "keep%d_ = &%s\n", i, v.Name())
	}
	program, err := e.load(fmt.Sprintf("%svar _ = %s.Sprint\nfunc %s(%s) (%s) {\n{\n%s\n%s}\nreturn\n}\n",
		e.head(p.text, t), fmtName, evalFunc,
		strings.Join(params, ", "), strings.Join(results, ", "), p.text, keep.String()))
	if err != nil && len(p.keep) > 0 {
		err = fmt.Errorf("variables can't be kept: %w; declare types in a piece of their own", err)
	}
	return program, err
}

// main returns the program's function main.
func (e *Evaluator) main(p *piece, program *lower.Program) string {
	results, args := []string{"value"}, []string{}
	for i, name := range p.uses {
		arg := fmt.Sprint("Var", i)
		program.Bind(arg, e.vars[name].pointer.Interface())
		args = append(args, "h."+arg)
	}
	var keep strings.Builder
	for i := range p.keep {
		results = append(results, fmt.Sprint("keep", i))
		fmt.Fprintf(&keep, "h.Keep(%d, h.Any(keep%d))\n", i, i)
	}
	if len(p.keep) > 0 {
		keep.WriteString("h.Park()\n")
	}
	program.Bind("Keep", func(i int, pointer any) {
		if v := reflect.ValueOf(pointer); !v.IsNil() {
			e.vars[p.keep[i].Name()] = variable{p.keep[i].Type(), v}
		}
	})
	return fmt.Sprintf("func main() {\n%s()\n%s := %s(%s)\nh.Value(value)\n%s}\n", lower.Init,
		strings.Join(results, ", "), program.Func(evalFunc), strings.Join(args, ", "), keep.String())
}

// typeNames writes types of any package, and collects which packages these are.
type typeNames map[string]string // names by path

func (t typeNames) name(typ types.Type) string {
	return types.TypeString(typ, func(pkg *types.Package) string {
		if pkg.Path() == "main" {
			return ""
		}
		if t[pkg.Path()] == "" {
			t[pkg.Path()] = fmt.Sprintf("%s%d_", pkg.Name(), len(t))
		}
		return t[pkg.Path()]
	})
}

// use returns statements that use the variables that text declares.
func use(text string) string {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p;func _() {"+text+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, stmt := range f.Decls[0].(*ast.FuncDecl).Body.List {
		switch stmt := stmt.(type) {
		case *ast.AssignStmt:
			for _, e := range stmt.Lhs {
				if id, ok := e.(*ast.Ident); ok && stmt.Tok == token.DEFINE && id.Name != "_" {
					fmt.Fprintf(&b, "_ = %s\n", id.Name)
				}
			}
		case *ast.DeclStmt:
			if gen := stmt.Decl.(*ast.GenDecl); gen.Tok == token.VAR {
				for _, name := range declared([]ast.Decl{gen}) {
					fmt.Fprintf(&b, "_ = %s\n", name)
				}
			}
		}
	}
	return b.String()
}

// qualifiers returns the names in text that have a selector behind them.
func qualifiers(text string) map[string]bool {
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(text)), []byte(text), nil, 0)
	found := map[string]bool{}
	var before, last token.Token
	var name string
	for {
		_, tok, lit := s.Scan()
		if tok == token.PERIOD && last == token.IDENT && before != token.PERIOD {
			found[name] = true
		}
		before, last, name = last, tok, lit
		if tok == token.EOF {
			return found
		}
	}
}
