package check

import (
	"go/ast"
	"go/constant"
	"go/types"
)

// conversions finds the places where a value becomes that of an interface.
func (l *linter) conversions(n ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpr:
		l.arguments(n)
	case *ast.AssignStmt:
		for i, e := range n.Rhs {
			if len(n.Lhs) == len(n.Rhs) {
				l.convert(e, l.info.TypeOf(n.Lhs[i]), nil)
			}
		}
	case *ast.ValueSpec:
		for i, e := range n.Values {
			if len(n.Names) == len(n.Values) {
				l.convert(e, l.info.Defs[n.Names[i]].Type(), nil)
			}
		}
	case *ast.ReturnStmt:
		if sig := l.signature(); sig.Results().Len() == len(n.Results) {
			for i, e := range n.Results {
				l.convert(e, sig.Results().At(i).Type(), nil)
			}
		}
	case *ast.SendStmt:
		if ch, ok := l.info.TypeOf(n.Chan).Underlying().(*types.Chan); ok {
			l.convert(n.Value, ch.Elem(), nil)
		}
	}
}

func (l *linter) arguments(n *ast.CallExpr) {
	tv := l.info.Types[n.Fun]
	if tv.IsType() {
		if from := l.info.TypeOf(n.Args[0]); types.IsInterface(tv.Type) && !types.IsInterface(from) && l.own(from) != nil {
			l.add(n.Pos(), "conversion of a script's type to an interface is lost; assign it to a variable of the interface type")
		}
		return
	}
	sig, ok := tv.Type.Underlying().(*types.Signature)
	if !ok {
		return
	}
	host := l.host(n)
	for i, e := range n.Args {
		last := sig.Params().Len() - 1
		if i > last && !sig.Variadic() || last < 0 {
			return // f(g()) of several values
		}
		to := sig.Params().At(min(i, last)).Type()
		if sig.Variadic() && i >= last && !n.Ellipsis.IsValid() {
			to = to.Underlying().(*types.Slice).Elem()
		}
		l.convert(e, to, host)
	}
}

// literal looks at the elements of a composite literal.
func (l *linter) literal(n *ast.CompositeLit) {
	t := l.info.TypeOf(n)
	l.large(n, t)
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem() // an element &T{…} written as {…}
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		l.fields(n, u, l.own(t) == nil && !unnamed(t))
	case *types.Slice:
		l.values(n, u.Elem())
	case *types.Array:
		l.values(n, u.Elem())
	case *types.Map:
		l.values(n, u.Elem())
		return
	}
	l.indexes(n)
}

func unnamed(t types.Type) bool {
	_, named := types.Unalias(t).(*types.Named)
	return !named
}

func (l *linter) fields(n *ast.CompositeLit, t *types.Struct, foreign bool) {
	for i, e := range n.Elts {
		field := t.Field(min(i, t.NumFields()-1))
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
			if id, ok := kv.Key.(*ast.Ident); ok {
				field, _ = l.info.Uses[id].(*types.Var)
			}
		}
		if field == nil {
			continue
		}
		l.convert(e, field.Type(), nil)
		if from := l.info.TypeOf(e); foreign && types.IsInterface(field.Type()) && !types.IsInterface(from) && l.own(from) != nil {
			l.add(e.Pos(), "value of a script's type in an interface of another package's struct; assign it to a variable of the interface type first")
		}
	}
}

func (l *linter) values(n *ast.CompositeLit, elem types.Type) {
	for _, e := range n.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		l.convert(e, elem, nil)
	}
}

// indexes: a literal is as long as its largest index says.
func (l *linter) indexes(n *ast.CompositeLit) {
	for _, e := range n.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		c := l.info.Types[kv.Key].Value
		if c == nil || c.Kind() != constant.Int {
			continue
		}
		if i, ok := constant.Int64Val(c); !ok || i >= maxArray {
			l.add(kv.Key.Pos(), "index over a million in a literal; use a map")
		}
	}
}
