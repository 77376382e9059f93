package lower

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// A known is what a loop's head says about its counter, as long as the body
// changes neither of the variables: it isn't negative, and if of is set it is
// an index of that slice or string.
type known struct{ counter, of types.Object }

// counts returns what the head of a loop says.
func (f *fn) counts(s *ast.ForStmt) (k known) {
	init, ok := s.Init.(*ast.AssignStmt)
	if !ok || init.Tok != token.DEFINE || len(init.Lhs) != 1 {
		return known{}
	}
	start := f.unit.Info.Types[init.Rhs[0]].Value
	post, ok := s.Post.(*ast.IncDecStmt)
	if !ok || post.Tok != token.INC || start == nil || start.Kind() != constant.Int || constant.Sign(start) < 0 {
		return known{}
	}
	i := f.plainVar(init.Lhs[0])
	if i == nil || f.plainVar(post.X) != i || f.changes(s.Body, i) {
		return known{}
	}
	k.counter = i
	cond, ok := s.Cond.(*ast.BinaryExpr)
	if !ok || cond.Op != token.LSS || f.plainVar(cond.X) != i {
		return k
	}
	if call, ok := cond.Y.(*ast.CallExpr); ok && len(call.Args) == 1 && f.unit.Info.Types[call.Fun].IsBuiltin() && builtinName(call.Fun) == "len" {
		if x := f.plainVar(call.Args[0]); x != nil && !f.changes(s.Body, x) {
			k.of = x
		}
	}
	return k
}

// ranges returns what a range over a slice or string says.
func (f *fn) rangesOver(s *ast.RangeStmt) (k known) {
	if s.Tok != token.DEFINE || s.Key == nil {
		return known{}
	}
	i, x := f.plainVar(s.Key), f.plainVar(s.X)
	if i == nil || f.changes(s.Body, i) {
		return known{}
	}
	if k.counter = i; x != nil && !f.changes(s.Body, x) {
		k.of = x
	}
	return k
}

// plainVar returns the local variable that e is, if only this function
// changes it.
func (f *fn) plainVar(e ast.Expr) types.Object {
	id, ok := e.(*ast.Ident)
	if !ok {
		return nil
	}
	obj := f.unit.Info.Uses[id]
	if obj == nil {
		obj = f.unit.Info.Defs[id]
	}
	v, ok := obj.(*types.Var)
	if !ok || f.cellsOf[v] || v.Parent() == v.Pkg().Scope() {
		return nil
	}
	return v
}

// changes reports whether a loop's body assigns to v.
func (f *fn) changes(body ast.Node, v types.Object) (found bool) {
	is := func(e ast.Expr) {
		if id, ok := e.(*ast.Ident); ok && f.unit.Info.Uses[id] == v {
			found = true
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				is(e)
			}
		case *ast.IncDecStmt:
			is(n.X)
		case *ast.RangeStmt:
			is(n.Key)
			is(n.Value)
		}
		return !found
	})
	return found
}

// fits reports whether x[i] is known to be there, and whether i isn't negative.
func (f *fn) fits(x, i ast.Expr) (there, positive bool) {
	counter := f.plainVar(i)
	if counter == nil {
		return false, false
	}
	of := f.plainVar(x)
	for _, k := range f.knowns {
		if k.counter == counter {
			positive = true
			there = there || of != nil && k.of == of
		}
	}
	return there, positive
}
