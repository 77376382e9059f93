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

// A Session evaluates one piece of Go after another. What one declares, the
// next ones have.
type Session struct {
	runner  *runner
	checker *check.Checker
	imports []string // paths
	pieces  []string // that were evaluated, as the check has to see them
}

// NewSession returns a session that has fmt and mts/admin imported.
func NewSession(env Env) *Session {
	r := newRunner(env)
	s := &Session{runner: r, checker: check.New(r.exports(), nil), imports: []string{"fmt", "mts/admin"}}
	if r.broken == nil {
		_, r.broken = r.in.Eval(`import ("fmt"; "mts/admin")`)
	}
	return s
}

// Eval evaluates an expression, whose value it returns as text, or statements
// or an import. When ctx ends it returns its cause, and the session must not
// be used any more.
func (s *Session) Eval(ctx context.Context, src string) (string, error) {
	if p, ok := importPath(src); ok {
		return "", s.addImport(p)
	}
	piece, err := s.check(src)
	if err != nil {
		return "", err
	}
	value, err := s.runner.eval(ctx, src)
	if err != nil {
		return "", err
	}
	s.pieces = append(s.pieces, piece)
	if !strings.HasPrefix(piece, unused) {
		return "", nil // the interpreter has a value even for what has none
	}
	return value, nil
}

// importPath returns what src imports if it does nothing else.
func importPath(src string) (string, bool) {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p;"+src, parser.ImportsOnly)
	if err != nil || len(f.Imports) != 1 || f.Imports[0].Name != nil || !strings.HasPrefix(src, "import") {
		return "", false
	}
	p, err := strconv.Unquote(f.Imports[0].Path.Value)
	return p, err == nil
}

func (s *Session) addImport(p string) error {
	src := fmt.Sprintf("package main\nimport _ %q\n", p)
	if found := s.checker.File("eval", []byte(src)); len(found) > 0 {
		return fmt.Errorf("%s", found[0].Msg)
	}
	if _, err := s.runner.in.Eval(fmt.Sprintf("import %q", p)); err != nil {
		return err
	}
	if !slices.Contains(s.imports, p) {
		s.imports = append(s.imports, p)
	}
	return nil
}

// unused is before an expression that is checked.
const unused = "_ = "

// check returns the piece in the form in which it passes the check: an
// expression is a statement if it has no value, and one that is left unused if
// it has.
func (s *Session) check(src string) (string, error) {
	forms := []string{src + "\n" + uses(src)}
	if e, err := parser.ParseExpr(src); err == nil {
		forms = []string{unused + src}
		if _, call := e.(*ast.CallExpr); call {
			forms = append(forms, src)
		}
	}
	var first []check.Finding
	for _, form := range forms {
		found := s.checker.File("eval", []byte(s.file(form)))
		if len(found) == 0 {
			return form, nil
		}
		if first == nil {
			first = found
		}
	}
	return "", fmt.Errorf("%s", first[0].Msg)
}

// file returns a program of all pieces, each in a block within the last one's,
// so that a name may be declared again.
func (s *Session) file(piece string) string {
	var body strings.Builder
	pieces := append(slices.Clip(s.pieces), piece)
	for _, p := range pieces {
		body.WriteString("{\n" + p + "\n")
	}
	body.WriteString(strings.Repeat("}", len(pieces)))
	var head strings.Builder
	for _, p := range s.imports {
		if strings.Contains(body.String(), path.Base(p)+".") {
			fmt.Fprintf(&head, "import %q\n", p)
		}
	}
	return "package main\n" + head.String() + "func main() {\n" + body.String() + "}\n"
}

// uses returns statements that use the variables which src declares.
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
