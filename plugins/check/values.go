package check

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
)

// selector: method expressions don't work, and method values of a copy take
// the copy when they are called.
func (l *linter) selector(n *ast.SelectorExpr) {
	s := l.info.Selections[n]
	if s == nil {
		return
	}
	if s.Kind() == types.MethodExpr {
		l.add(n.Pos(), "method expression; write a function literal that calls the method")
	}
	if f, ok := s.Obj().(*types.Func); ok && f.FullName() == "(*mts/core.Call).Host" {
		l.add(n.Sel.Pos(), "Call.Host is for built-in verbs; use the methods of the call")
	}
	call, _ := l.parent().(*ast.CallExpr)
	called := call != nil && ast.Unparen(call.Fun) == n
	if s.Kind() == types.MethodVal && !called && l.own(s.Recv()) != nil && valueReceiver(s) {
		l.add(n.Pos(), "method value copies its receiver too late; give the method a pointer receiver")
	}
}

// errorsCall: package errors sees the interpreter's wrapping of a script's
// error, not the error.
func (l *linter) errorsCall(n *ast.CallExpr) {
	f := l.host(n)
	if f == nil || f.Pkg() == nil || f.Pkg().Path() != "errors" || len(n.Args) != 2 {
		return
	}
	switch f.Name() {
	case "As":
		if p, ok := l.info.TypeOf(n.Args[1]).Underlying().(*types.Pointer); ok && l.own(p.Elem()) != nil {
			l.add(n.Pos(), "errors.As doesn't find a script's own type; use a *core.Error, or a sentinel and errors.Is")
		}
	case "Is":
		if !l.sentinel(n.Args[1]) {
			l.add(n.Args[1].Pos(), "errors.Is finds only package variables made by errors.New; compare with such a one")
		}
	}
}

// sentinel reports whether e is nil, or a package variable whose value another
// package made.
func (l *linter) sentinel(e ast.Expr) bool {
	if l.info.Types[e].IsNil() {
		return true
	}
	var id *ast.Ident
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		id = e.Sel
	}
	v, ok := l.info.Uses[id].(*types.Var)
	if !ok || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() {
		return false
	}
	if v.Pkg() != l.pkg {
		return true
	}
	switch init := ast.Unparen(l.inits[v]).(type) {
	case *ast.CallExpr:
		return l.host(init) != nil
	case *ast.Ident, *ast.SelectorExpr:
		return l.sentinel(init)
	}
	return false
}

// comparison: equal values of a script in two interfaces aren't equal.
func (l *linter) comparison(n *ast.BinaryExpr) {
	if n.Op != token.EQL && n.Op != token.NEQ {
		return
	}
	if types.IsInterface(l.info.TypeOf(n.X)) && types.IsInterface(l.info.TypeOf(n.Y)) && !l.sentinel(n.X) && !l.sentinel(n.Y) {
		l.add(n.Pos(), "interface values don't compare as they should; compare what is in them")
	}
}

func (l *linter) assertion(n *ast.TypeAssertExpr) {
	if n.Type != nil { // x.(type) is the type switch's
		l.distinct(n.X, n.Type)
	}
}

func (l *linter) typeSwitch(n *ast.TypeSwitchStmt) {
	var x ast.Expr
	switch s := n.Assign.(type) {
	case *ast.ExprStmt:
		x = s.X.(*ast.TypeAssertExpr).X
	case *ast.AssignStmt:
		x = s.Rhs[0].(*ast.TypeAssertExpr).X
	}
	for _, c := range n.Body.List {
		for _, t := range c.(*ast.CaseClause).List {
			l.distinct(x, t)
		}
	}
}

// distinct: the interpreter tells a script's types apart by their structure
// alone, and can't tell what a panic was with.
func (l *linter) distinct(x, typ ast.Expr) {
	t := l.info.TypeOf(typ)
	if l.recovered(x) && types.IsInterface(t) {
		l.add(typ.Pos(), "what recover returns is of another type than it was; format it with %%v")
		return
	}
	named := l.own(t)
	if named == nil || types.IsInterface(named) {
		return
	}
	name := named.Obj().Name()
	if _, ok := named.Underlying().(*types.Struct); !ok {
		l.add(typ.Pos(), "type %s isn't told from its underlying type; make it a struct", name)
		return
	}
	if _, pointer := t.(*types.Pointer); !pointer && types.Identical(l.info.TypeOf(x), errorType) {
		l.add(typ.Pos(), "type %s isn't found in an error; use *%s", name, name)
		return
	}
	for _, other := range l.pkg.Scope().Names() {
		o, ok := l.pkg.Scope().Lookup(other).(*types.TypeName)
		if ok && other != name && l.own(o.Type()) != nil && types.Identical(o.Type().Underlying(), named.Underlying()) {
			l.add(typ.Pos(), "types %s and %s have the same fields and aren't told apart; add one to either", name, other)
			return
		}
	}
}

var errorType = types.Universe.Lookup("error").Type()

// recovered reports whether e is what recover returned.
func (l *linter) recovered(e ast.Expr) bool {
	if l.builtin(e) == "recover" {
		return true
	}
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && l.builtin(l.inits[l.info.Uses[id]]) == "recover"
}

var verbs = regexp.MustCompile(`%[+#]v|%T`)

// format: the names of a script's types and fields are made up.
func (l *linter) format(n *ast.CallExpr) {
	f := l.host(n)
	if f == nil {
		return
	}
	own := false
	bad := ""
	for _, arg := range n.Args {
		tv := l.info.Types[arg]
		if tv.Value != nil && tv.Value.Kind() == constant.String {
			bad += verbs.FindString(constant.StringVal(tv.Value))
		} else if tv.Type != nil && l.reaches(tv.Type, func(*types.Named) bool { return true }) {
			own = true
		}
	}
	if own && bad != "" {
		l.add(n.Pos(), "%s shows made-up names of a script's types; print the fields", verbs.FindString(bad))
	}
}
