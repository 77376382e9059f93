package check

import (
	"go/ast"
	"go/token"
	"go/types"
)

// A linter searches a package for what type-checks and yet goes wrong in the
// interpreter. Each rule is a method; each was seen to fail there.
type linter struct {
	*report
	pkg    *types.Package
	info   *types.Info
	writes map[types.Object]bool     // variables that are assigned to after their declaration
	inits  map[types.Object]ast.Expr // what variables start as
	unset  map[types.Object]bool     // variables declared without a value
	path   []ast.Node                // from the file down to the node in hand
}

func lint(r *report, files []*ast.File, pkg *types.Package, info *types.Info) {
	l := &linter{
		report: r, pkg: pkg, info: info,
		writes: map[types.Object]bool{},
		inits:  map[types.Object]ast.Expr{},
		unset:  map[types.Object]bool{},
	}
	for _, f := range files {
		l.survey(f)
	}
	for _, f := range files {
		ast.PreorderStack(f, nil, func(n ast.Node, above []ast.Node) bool {
			l.path = above
			l.node(n)
			return true
		})
	}
}

func (l *linter) node(n ast.Node) {
	l.conversions(n)
	switch n := n.(type) {
	case *ast.GoStmt:
		l.add(n.Pos(), "go statement: a panic in a goroutine ends the plugin; do the work in turn")
	case *ast.SelectStmt:
		l.add(n.Pos(), "select isn't safe in the interpreter; receive from one channel at a time")
	case *ast.DeferStmt:
		l.deferred(n)
	case *ast.ReturnStmt:
		l.results(n)
	case *ast.AssignStmt:
		l.assign(n)
	case *ast.RangeStmt:
		l.ranges(n)
	case *ast.ValueSpec:
		l.spec(n)
	case *ast.SelectorExpr:
		l.selector(n)
	case *ast.CallExpr:
		l.errorsCall(n)
		l.format(n)
	case *ast.BinaryExpr:
		l.comparison(n)
	case *ast.TypeAssertExpr:
		l.assertion(n)
	case *ast.TypeSwitchStmt:
		l.typeSwitch(n)
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			l.foreign(n.X)
		}
	case *ast.CompositeLit:
		l.literal(n)
	case *ast.FuncLit:
		l.parameters(n.Type)
		l.closure(n)
	case *ast.FuncDecl:
		l.parameters(n.Type)
		l.method(n)
	case *ast.TypeSpec:
		l.typeSpec(n)
	case *ast.StructType:
		l.embedded(n)
	case *ast.ArrayType:
		l.large(n, l.info.TypeOf(n))
	}
}

// survey notes which variables change and what they start as.
func (l *linter) survey(f *ast.File) {
	write := func(e ast.Expr) {
		if id, ok := ast.Unparen(e).(*ast.Ident); ok && l.info.Uses[id] != nil {
			l.writes[l.info.Uses[id]] = true
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, e := range n.Lhs {
				write(e)
				if id, ok := e.(*ast.Ident); ok && len(n.Lhs) == len(n.Rhs) && l.info.Defs[id] != nil {
					l.inits[l.info.Defs[id]] = n.Rhs[i]
				}
			}
		case *ast.IncDecStmt:
			write(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				write(n.X)
			}
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if i < len(n.Values) {
					l.inits[l.info.Defs[name]] = n.Values[i]
				}
				l.unset[l.info.Defs[name]] = len(n.Values) == 0
			}
		}
		return true
	})
}

// parent returns the node above the one in hand, parentheses aside, or nil.
func (l *linter) parent() ast.Node {
	for i := len(l.path) - 1; i >= 0; i-- {
		if _, ok := l.path[i].(*ast.ParenExpr); !ok {
			return l.path[i]
		}
	}
	return nil
}

// loops returns the loops of the function around the node in hand.
func (l *linter) loops() []ast.Node {
	var loops []ast.Node
	for i := len(l.path) - 1; i >= 0; i-- {
		switch n := l.path[i].(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			loops = append(loops, n)
		case *ast.FuncLit, *ast.FuncDecl:
			return loops
		}
	}
	return loops
}

// signature returns the type of the function around the node in hand.
func (l *linter) signature() *types.Signature {
	for i := len(l.path) - 1; i >= 0; i-- {
		switch n := l.path[i].(type) {
		case *ast.FuncLit:
			return l.info.TypeOf(n).(*types.Signature)
		case *ast.FuncDecl:
			return l.info.Defs[n.Name].Type().(*types.Signature)
		}
	}
	return nil
}

// own returns the script's own type that t is or points to, or nil.
func (l *linter) own(t types.Type) *types.Named {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() == l.pkg {
		return n
	}
	return nil
}

// builtin returns the name of the builtin function that e calls, or "".
func (l *linter) builtin(e ast.Expr) string {
	if call, ok := ast.Unparen(e).(*ast.CallExpr); ok && l.info.Types[call.Fun].IsBuiltin() {
		if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok {
			return id.Name
		}
	}
	return ""
}

// host returns the function or method of another package that call calls, or nil.
func (l *linter) host(call *ast.CallExpr) *types.Func {
	var id *ast.Ident
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.SelectorExpr:
		id = fun.Sel
	case *ast.Ident:
		id = fun
	}
	if f, ok := l.info.Uses[id].(*types.Func); ok && f.Pkg() != l.pkg {
		return f
	}
	return nil
}
