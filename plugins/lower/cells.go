package lower

import (
	"go/ast"
	"go/token"
	"go/types"
)

// cellsIn returns the variables declared in n that have to be cells: those
// whose address is taken, and those that a function literal uses and that
// change after their declaration.
func (p *program) cellsIn(n ast.Node, u *Unit) map[types.Object]bool {
	if c, ok := p.cells[n]; ok {
		return c
	}
	a := &analysis{info: u.Info, depth: map[types.Object]ast.Node{}, captured: map[types.Object]bool{}, changed: map[types.Object]bool{}, cells: map[types.Object]bool{}}
	ast.Walk(a.in(n), n)
	for v := range a.captured {
		if a.changed[v] {
			a.cells[v] = true
		}
	}
	p.cells[n] = a.cells
	return a.cells
}

type analysis struct {
	info              *types.Info
	depth             map[types.Object]ast.Node // the function that declares it
	captured, changed map[types.Object]bool
	cells             map[types.Object]bool
}

// A scope visits the nodes of one function.
type scope struct {
	*analysis
	fn ast.Node
}

func (a *analysis) in(fn ast.Node) scope { return scope{a, fn} }

func (s scope) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.FuncDecl:
		return s.function(n, n.Type, n.Body)
	case *ast.FuncLit:
		return s.function(n, n.Type, n.Body)
	case *ast.Ident:
		s.ident(n)
	case *ast.AssignStmt:
		for _, e := range n.Lhs {
			if id, ok := e.(*ast.Ident); !ok || s.info.Defs[id] == nil {
				s.change(e)
			}
		}
	case *ast.IncDecStmt:
		s.change(n.X)
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			s.address(n.X)
		}
	case *ast.SliceExpr:
		if _, ok := under(s.info.TypeOf(n.X)).(*types.Array); ok {
			s.address(n.X)
		}
	case *ast.SelectorExpr:
		s.method(n)
	case *ast.TypeSwitchStmt:
		for _, c := range n.Body.List {
			if v := s.info.Implicits[c]; v != nil {
				s.depth[v] = s.fn
			}
		}
	case *ast.RangeStmt:
		return s.ranged(n)
	}
	return s
}

// function visits a function. If it defers calls, its body is run by the host,
// as a literal in it.
func (s scope) function(n ast.Node, t *ast.FuncType, body *ast.BlockStmt) ast.Visitor {
	in := s.in(n)
	ast.Walk(in, t)
	if body == nil {
		return nil
	}
	if defers(body) {
		in = s.in(body)
		if t.Results != nil {
			for _, f := range t.Results.List {
				for _, name := range f.Names {
					s.changed[s.info.Defs[name]] = true
				}
			}
		}
	}
	ast.Walk(in, body)
	return nil
}

func (s scope) ident(n *ast.Ident) {
	if v, ok := s.info.Defs[n].(*types.Var); ok {
		s.depth[v] = s.fn
	}
	if v, ok := s.info.Uses[n].(*types.Var); ok && s.depth[v] != nil && s.depth[v] != s.fn {
		s.captured[v] = true
	}
}

// root returns the variable that e is or is a part of, or nil.
func (s scope) root(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if v, ok := s.info.Uses[e].(*types.Var); ok {
			return v
		}
		return s.info.Defs[e]
	case *ast.SelectorExpr:
		sel := s.info.Selections[e]
		if sel == nil || isPointerPath(sel) {
			return nil
		}
		return s.root(e.X)
	case *ast.IndexExpr:
		if t := s.info.TypeOf(e.X); t != nil {
			if _, ok := under(t).(*types.Array); ok {
				return s.root(e.X)
			}
			if _, ok := t.(*types.TypeParam); ok {
				return s.root(e.X)
			}
		}
	}
	return nil
}

// isPointerPath reports whether a selection goes through a pointer.
func isPointerPath(sel *types.Selection) bool {
	t := sel.Recv()
	for _, index := range sel.Index() {
		if _, ok := under(t).(*types.Pointer); ok {
			return true
		}
		s, ok := under(t).(*types.Struct)
		if !ok || index >= s.NumFields() {
			return false
		}
		t = s.Field(index).Type()
	}
	return false
}

func (s scope) change(e ast.Expr) {
	if v := s.root(e); v != nil {
		s.changed[v] = true
	}
}

func (s scope) address(e ast.Expr) {
	if v := s.root(e); v != nil {
		s.cells[v] = true
	}
}

// method: a method of a pointer takes the address of its receiver.
func (s scope) method(n *ast.SelectorExpr) {
	sel := s.info.Selections[n]
	if sel == nil || sel.Kind() != types.MethodVal {
		return
	}
	if _, ok := sel.Recv().(*types.TypeParam); ok {
		s.address(n.X) // its method may be one of a pointer
		return
	}
	recv := sel.Obj().(*types.Func).Signature().Recv()
	if _, ok := recv.Type().(*types.Pointer); ok && !isPointerPath(sel) {
		s.address(n.X)
	}
}

// ranged visits a loop. Over a function, its body becomes a literal.
func (s scope) ranged(n *ast.RangeStmt) ast.Visitor {
	t := s.info.TypeOf(n.X)
	over := false
	if t != nil {
		_, over = coreType(t).(*types.Signature)
	}
	ast.Walk(s, n.X)
	in := s
	if over {
		in = s.in(n)
	}
	for _, e := range []ast.Expr{n.Key, n.Value} {
		if e == nil {
			continue
		}
		if n.Tok == token.ASSIGN {
			s.change(e)
		}
		ast.Walk(in, e)
	}
	ast.Walk(in, n.Body)
	return nil
}

// coreType returns what the types that t may be have in common, for a type
// parameter; otherwise its underlying type.
func coreType(t types.Type) types.Type {
	tp, ok := types.Unalias(t).(*types.TypeParam)
	if !ok {
		return under(t)
	}
	iface := tp.Constraint().Underlying().(*types.Interface)
	for i := range iface.NumEmbeddeds() {
		switch e := iface.EmbeddedType(i).(type) {
		case *types.Union:
			if e.Len() > 0 {
				return under(e.Term(0).Type())
			}
		default:
			if !isInterface(e) {
				return under(e)
			}
		}
	}
	return under(t)
}

// defers reports whether a function body has a defer statement of its own, or
// one in a loop over a function.
func defers(body ast.Node) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.DeferStmt:
			found = true
		case *ast.FuncLit:
			return false
		}
		return !found
	})
	return found
}

// recovers reports whether a function body calls recover itself.
func recovers(body ast.Node, info *types.Info) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok {
				if b, ok := info.Uses[id].(*types.Builtin); ok && b.Name() == "recover" {
					found = true
				}
			}
		case *ast.FuncLit:
			return false
		}
		return !found
	})
	return found
}

// looselyRecovers reports whether recover is called in a function that isn't a
// literal deferred where it stands: then others may be on the way to it.
func looselyRecovers(decl *ast.FuncDecl, info *types.Info) (found bool) {
	if decl.Body == nil {
		return false
	}
	deferred := map[ast.Node]bool{}
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.DeferStmt:
			deferred[ast.Unparen(n.Call.Fun)] = true
		case *ast.FuncDecl:
			found = recovers(n.Body, info)
		case *ast.FuncLit:
			found = found || !deferred[n] && recovers(n.Body, info)
		}
		return !found
	})
	return found
}

// callsAny reports whether there is a call in a function body.
func callsAny(body ast.Node) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		_, call := n.(*ast.CallExpr)
		found = found || call
		return !found
	})
	return found
}
