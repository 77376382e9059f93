package script

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"

	"mts/plugins/check"
)

// An Evaluator evaluates one piece of Go after another. What one piece declares,
// later ones can use.
type Evaluator struct {
	runner  *runner
	checker *check.Checker
	imports []string // paths
	pieces  []string // that were evaluated, in the form that was checked
}

// NewEvaluator returns an evaluator that has fmt and mts/admin imported.
func NewEvaluator(env Env) *Evaluator {
	r := newRunner(env)
	e := &Evaluator{runner: r, checker: check.New(r.exports(), nil), imports: []string{"fmt", "mts/admin"}}
	if r.initErr == nil {
		_, r.initErr = r.in.Eval(`import ("fmt"; "mts/admin")`)
	}
	return e
}

// Eval evaluates an expression, and returns its value as text, or statements or
// an import. When ctx ends it returns the cause; the Evaluator must not be used
// after that.
func (e *Evaluator) Eval(ctx context.Context, src string) (string, error) {
	if p, ok := importPath(src); ok {
		return "", e.addImport(p)
	}
	piece, err := e.check(src)
	if err != nil {
		return "", err
	}
	value, err := e.runner.eval(ctx, src)
	if err != nil {
		return "", err
	}
	e.pieces = append(e.pieces, piece)
	if !strings.HasPrefix(piece, unused) {
		return "", nil // the interpreter has a value even for what has none
	}
	return value, nil
}

// importPath returns the path that src imports, if src is an import alone.
func importPath(src string) (string, bool) {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p;"+src, parser.ImportsOnly)
	if err != nil || len(f.Imports) != 1 || f.Imports[0].Name != nil || !strings.HasPrefix(src, "import") {
		return "", false
	}
	p, err := strconv.Unquote(f.Imports[0].Path.Value)
	return p, err == nil
}

func (e *Evaluator) addImport(p string) error {
	src := fmt.Sprintf("package main\nimport _ %q\n", p)
	if found := e.checker.File("eval", []byte(src)); len(found) > 0 {
		return fmt.Errorf("%s", found[0].Msg)
	}
	if _, err := e.runner.in.Eval(fmt.Sprintf("import %q", p)); err != nil {
		return err
	}
	if !slices.Contains(e.imports, p) {
		e.imports = append(e.imports, p)
	}
	return nil
}

// unused turns an expression into a statement that can be checked.
const unused = "_ = "

// check returns src in the first form that passes the check. An expression
// with a value passes as an assignment, a call without one as a statement.
func (e *Evaluator) check(src string) (string, error) {
	forms := []string{src + "\n" + uses(src)}
	if expr, err := parser.ParseExpr(src); err == nil {
		forms = []string{unused + src}
		if _, call := expr.(*ast.CallExpr); call {
			forms = append(forms, src)
		}
	}
	var first []check.Finding
	for _, form := range forms {
		found := e.checker.File("eval", []byte(e.file(form)))
		if len(found) == 0 {
			return form, nil
		}
		if first == nil {
			first = found
		}
	}
	return "", fmt.Errorf("%s", first[0].Msg)
}

// file returns a program of all pieces and piece. Each piece is in a block within
// that of the piece before, so that a name may be declared again.
func (e *Evaluator) file(piece string) string {
	var body strings.Builder
	pieces := append(slices.Clip(e.pieces), piece)
	for _, p := range pieces {
		body.WriteString("{\n" + p + "\n")
	}
	body.WriteString(strings.Repeat("}", len(pieces)))
	var head strings.Builder
	for _, p := range e.imports {
		if strings.Contains(body.String(), path.Base(p)+".") {
			fmt.Fprintf(&head, "import %q\n", p)
		}
	}
	return "package main\n" + head.String() + "func main() {\n" + body.String() + "}\n"
}

// uses returns statements that use the variables that src declares.
func uses(src string) string {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p;func _() {"+src+"\n}", 0)
	if err != nil {
		return ""
	}
	var b strings.Builder
	use := func(e ast.Expr) {
		if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
			fmt.Fprintf(&b, "_ = %s\n", id.Name)
		}
	}
	for _, stmt := range f.Decls[0].(*ast.FuncDecl).Body.List {
		switch stmt := stmt.(type) {
		case *ast.AssignStmt:
			for _, e := range stmt.Lhs {
				use(e)
			}
		case *ast.DeclStmt:
			for _, spec := range stmt.Decl.(*ast.GenDecl).Specs {
				if v, ok := spec.(*ast.ValueSpec); ok && stmt.Decl.(*ast.GenDecl).Tok == token.VAR {
					for _, name := range v.Names {
						use(name)
					}
				}
			}
		}
	}
	return b.String()
}
