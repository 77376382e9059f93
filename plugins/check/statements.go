package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

const closureInstead = "write defer func() { … }()"

// deferred: the interpreter evaluates a deferred call's function, receiver and
// arguments when it runs, and every round of a loop defers the last one.
func (l *linter) deferred(n *ast.DeferStmt) {
	if l.loops() != nil {
		l.add(n.Pos(), "defer in a loop; move the body of the loop to a function")
		return
	}
	if n.Call.Ellipsis.IsValid() {
		l.add(n.Pos(), "deferred call with a spread argument; %s", closureInstead)
		return
	}
	for _, arg := range n.Call.Args {
		if tv := l.info.Types[arg]; tv.Value == nil && !tv.IsNil() {
			l.add(arg.Pos(), "argument of a deferred call is evaluated too late; %s", closureInstead)
			return
		}
	}
	switch fun := ast.Unparen(n.Call.Fun).(type) {
	case *ast.Ident:
		l.steady(fun)
	case *ast.SelectorExpr:
		if s := l.info.Selections[fun]; s != nil {
			l.steady(fun.X)
			if l.own(s.Recv()) != nil && valueReceiver(s) {
				l.add(fun.Pos(), "receiver of a deferred call is copied too late; %s", closureInstead)
			}
		}
	}
}

// steady wants a variable that is never assigned to after its declaration.
func (l *linter) steady(e ast.Expr) {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok || l.writes[l.info.Uses[id]] {
		l.add(e.Pos(), "deferred call of something that may change before it runs; %s", closureInstead)
	}
}

func valueReceiver(s *types.Selection) bool {
	f, ok := s.Obj().(*types.Func)
	if !ok {
		return false
	}
	recv := f.Signature().Recv().Type()
	_, pointer := recv.Underlying().(*types.Pointer)
	return !pointer && !types.IsInterface(recv)
}

// results: the value of a builtin ends up in the slot of the first result.
func (l *linter) results(n *ast.ReturnStmt) {
	for i, e := range n.Results {
		if name := l.builtin(e); i > 0 && name != "" {
			l.add(e.Pos(), "%s(…) after the first result goes to the wrong one; assign it to a variable and return that", name)
		}
	}
}

// assign: an append among several assignments is lost.
func (l *linter) assign(n *ast.AssignStmt) {
	for _, e := range n.Rhs {
		if len(n.Rhs) > 1 && l.builtin(e) == "append" {
			l.add(e.Pos(), "append(…) in an assignment of several values is lost; write it as a statement of its own")
		}
	}
	for _, e := range n.Lhs {
		l.foreign(e)
	}
}

// foreign: a script's copy of another package's variable isn't the one that
// the package reads.
func (l *linter) foreign(e ast.Expr) {
	e = ast.Unparen(e)
	if star, ok := e.(*ast.StarExpr); ok {
		e = ast.Unparen(star.X)
	}
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if v, ok := l.info.Uses[sel.Sel].(*types.Var); ok && !v.IsField() && v.Pkg() != l.pkg {
		l.add(e.Pos(), "%s.%s belongs to another package; copy it to a variable of your own", v.Pkg().Name(), v.Name())
	}
}

// ranges: variables of an outer scope aren't set.
func (l *linter) ranges(n *ast.RangeStmt) {
	if n.Tok == token.ASSIGN {
		l.add(n.Key.Pos(), "range doesn't set variables of an outer scope; use := and assign in the loop")
	}
}

// closure: a loop shares its variables with all closures made in it, where Go
// has long given each round its own; a literal of a foreign struct shares even
// those of the body.
func (l *linter) closure(n *ast.FuncLit) {
	loops := l.loops()
	if loops == nil {
		return
	}
	if l.inForeignLiteral() {
		l.add(n.Pos(), "function literal in a struct literal in a loop is the last one in all of them; build the struct in a function")
		return
	}
	if call, ok := l.parent().(*ast.CallExpr); ok && l.builtin(call) == "" {
		return // done with it before the next round
	}
	ast.Inspect(n.Body, func(x ast.Node) bool {
		id, ok := x.(*ast.Ident)
		if !ok {
			return true
		}
		if v, ok := l.info.Uses[id].(*types.Var); ok && slices.ContainsFunc(loops, func(loop ast.Node) bool { return declares(loop, v) }) {
			l.add(id.Pos(), "closure over the loop variable %s, which all rounds share; copy it first: %s := %s", v.Name(), v.Name(), v.Name())
			return false
		}
		return true
	})
}

// declares reports whether v is declared in the head of the loop.
func declares(loop ast.Node, v *types.Var) bool {
	switch n := loop.(type) {
	case *ast.ForStmt:
		return n.Pos() <= v.Pos() && v.Pos() < n.Body.Pos()
	case *ast.RangeStmt:
		return n.Pos() <= v.Pos() && v.Pos() < n.Body.Pos()
	}
	return false
}

func (l *linter) inForeignLiteral() bool {
	for i := len(l.path) - 1; i >= 0; i-- {
		switch n := l.path[i].(type) {
		case *ast.KeyValueExpr, *ast.ParenExpr:
		case *ast.CompositeLit:
			if _, ok := l.info.TypeOf(n).Underlying().(*types.Struct); ok {
				return l.own(l.info.TypeOf(n)) == nil && !unnamed(l.info.TypeOf(n))
			}
		default:
			return false
		}
	}
	return false
}
