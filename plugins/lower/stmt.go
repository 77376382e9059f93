package lower

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// A label is a place that break and continue go to.
type label struct {
	name     string // of the source; "" if it has none
	exit     string // lowered
	again    string // lowered label of the body, whose end continues; "" for a switch
	breaks   bool   // whether a break goes there
	owner    *fn
	isSwitch bool
	loop     *yielding // the loop over a function that it is
}

func (f *fn) stmts(list []ast.Stmt) {
	for _, s := range list {
		f.stmt(s)
	}
}

func (f *fn) stmt(s ast.Stmt) {
	f.at(s)
	mark := len(f.used)
	next := f.next
	f.next = ""
	switch s := s.(type) {
	case *ast.BlockStmt:
		f.stmts(s.List)
	case *ast.ExprStmt:
		f.hoist(s.X)
		if call, ok := ast.Unparen(s.X).(*ast.CallExpr); ok {
			f.call(call)
		} else {
			f.expr(s.X)
		}
	case *ast.AssignStmt:
		f.assign(s)
	case *ast.IncDecStmt:
		op := token.ADD
		if s.Tok == token.DEC {
			op = token.SUB
		}
		f.update(s.X, op, nil)
	case *ast.DeclStmt:
		f.declStmt(s)
	case *ast.IfStmt:
		f.ifStmt(s)
	case *ast.ForStmt:
		f.forStmt(s, next)
	case *ast.RangeStmt:
		f.rangeStmt(s, next)
	case *ast.SwitchStmt:
		f.switchStmt(s, next)
	case *ast.TypeSwitchStmt:
		f.typeSwitch(s, next)
	case *ast.ReturnStmt:
		f.returnStmt(s)
	case *ast.BranchStmt:
		f.branch(s)
	case *ast.LabeledStmt:
		f.labeled(s)
	case *ast.DeferStmt:
		f.deferStmt(s)
	case *ast.SendStmt:
		f.hoist(s.Chan, s.Value)
		ch := f.expr(s.Chan)
		elem := f.elem(s.Chan)
		f.emitf("%s <- %s", f.named(ch, f.typeOf(s.Chan)), f.named(f.convert(s.Value, elem), elem))
	case *ast.EmptyStmt:
	case *ast.GoStmt:
		f.refuse(s.Pos(), "go statement; do the work in the call")
	case *ast.SelectStmt:
		f.refuse(s.Pos(), "select statement; a call has nothing to wait for")
	default:
		f.refuse(s.Pos(), "%T can't be lowered", s)
	}
	f.release(mark)
}

// elem returns the element type of the channel, slice, array or pointer to an
// array that e is.
func (f *fn) elem(e ast.Expr) types.Type {
	switch t := under(f.typeOf(e)).(type) {
	case *types.Chan:
		return t.Elem()
	case *types.Slice:
		return t.Elem()
	case *types.Array:
		return t.Elem()
	case *types.Pointer:
		if a, ok := under(t.Elem()).(*types.Array); ok {
			return a.Elem()
		}
		return t.Elem()
	case *types.Map:
		return t.Elem()
	}
	return types.Typ[types.Uint8]
}

// enclosed lowers what a break to l may leave.
func (f *fn) enclosed(l *label, body func()) {
	f.labels = append(f.labels, l)
	at := len(f.lines)
	pos := f.pos
	body()
	f.labels = f.labels[:len(f.labels)-1]
	if l.breaks {
		rest := append([]line{{pos, l.exit + ": for {"}}, f.lines[at:]...)
		f.lines = append(f.lines[:at:at], rest...)
		f.emitf("break %s", l.exit)
		f.emitf("}")
	}
}

func (f *fn) declStmt(s *ast.DeclStmt) {
	gen := s.Decl.(*ast.GenDecl)
	if gen.Tok == token.TYPE && len(f.env) > 0 {
		f.refuse(s.Pos(), "type declared in a generic function; declare it outside")
	}
	if gen.Tok != token.VAR {
		return
	}
	for _, spec := range gen.Specs {
		spec := spec.(*ast.ValueSpec)
		f.at(spec)
		mark := len(f.used)
		lhs := make([]ast.Expr, len(spec.Names))
		for i, name := range spec.Names {
			lhs[i] = name
		}
		if len(spec.Values) > 0 {
			f.defineAll(lhs, spec.Values)
		} else {
			for _, name := range spec.Names {
				if obj := f.unit.Info.Defs[name]; obj != nil && name.Name != "_" {
					f.define(obj, "")
				}
			}
		}
		f.release(mark)
	}
}

func (f *fn) ifStmt(s *ast.IfStmt) {
	if s.Init != nil {
		f.stmt(s.Init)
		f.at(s)
	}
	mark := len(f.used)
	c := f.cond(s.Cond)
	f.release(mark)
	f.emitf("if %s {", c)
	f.stmts(s.Body.List)
	if s.Else != nil {
		f.emitf("} else {")
		f.stmt(s.Else)
	}
	f.emitf("}")
}

// cond returns e as a condition: an operation, if its operands are at hand, or
// a variable.
func (f *fn) cond(e ast.Expr) string {
	f.hoist(e)
	if tv := f.unit.Info.Types[e]; tv.Value != nil {
		return f.set("bool", tv.Value.String())
	}
	b, ok := ast.Unparen(e).(*ast.BinaryExpr)
	if ok && f.done[b] == "" && comparison(b.Op) && f.simple(b.X) && f.simple(b.Y) {
		return f.operation(b, true)
	}
	return f.named(f.expr(e), f.typeOf(e))
}

func comparison(op token.Token) bool {
	switch op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return true
	}
	return false
}

// simple reports whether e is a number or text.
func (f *fn) simple(e ast.Expr) bool {
	t := f.typeOf(e)
	return basic(t)&(types.IsNumeric|types.IsString) != 0 && basic(t)&types.IsComplex == 0
}

func (f *fn) returnStmt(s *ast.ReturnStmt) {
	var values []string
	results := f.outer().sig.Results()
	switch {
	case len(s.Results) == 0:
		for _, v := range f.outer().results {
			values = append(values, f.set(f.typ(v.typ), f.place(v)))
		}
	case len(s.Results) == 1 && results.Len() > 1:
		f.hoist(s.Results[0])
		call := ast.Unparen(s.Results[0]).(*ast.CallExpr)
		from := f.typeOf(call).(*types.Tuple)
		for i, v := range f.call(call) {
			values = append(values, f.toType(v, from.At(i).Type(), results.At(i).Type()))
		}
	default:
		f.hoist(s.Results...)
		for i, e := range s.Results {
			t := results.At(i).Type()
			v := f.convert(e, t)
			if len(f.outer().results) > 0 || !isVar(v) {
				v = f.atomic(v, t)
			}
			values = append(values, v)
		}
	}
	f.leave(values)
}

// outer returns the function whose results a return statement in f sets: f
// may be the body of a loop or a body that the host runs.
func (f *fn) outer() *fn {
	g := f
	for g.inner() {
		g = g.parent
	}
	return g
}

func (f *fn) inner() bool { return f.parent != nil && (f.defers != nil || f.yields != nil) }

func (f *fn) forStmt(s *ast.ForStmt, name string) {
	if s.Init != nil {
		f.stmt(s.Init)
		f.at(s)
	}
	l := &label{name: name, exit: f.unique("L", name), again: f.unique("C", name), owner: f}
	f.emitf("%s: for {", l.exit)
	if s.Cond != nil {
		f.until(s.Cond, l.exit)
	}
	f.knowns = append(f.knowns, f.counts(s))
	f.loopBody(l, s.Body, s.Post != nil || f.perIteration(s) != nil)
	f.knowns = f.knowns[:len(f.knowns)-1]
	for _, v := range f.perIteration(s) {
		t := f.set(f.typ(v.typ), "*"+v.name)
		f.emitf("%s = new(%s)", v.name, f.typ(v.typ))
		f.emitf("*%s = %s", v.name, t)
	}
	if s.Post != nil {
		f.stmt(s.Post)
	}
	f.emitf("}")
}

// until leaves the loop unless the condition holds.
func (f *fn) until(e ast.Expr, exit string) {
	mark := len(f.used)
	if tv := f.unit.Info.Types[e]; tv.Value != nil {
		if !constant.BoolVal(tv.Value) {
			f.emitf("break %s", exit)
		}
		return
	}
	f.emitf("if %s {", f.cond(e))
	f.emitf("} else {")
	f.emitf("break %s", exit)
	f.emitf("}")
	f.release(mark)
}

// perIteration returns the variables of a loop that every round has anew,
// since Go 1.22, and that something may hold on to.
func (f *fn) perIteration(s *ast.ForStmt) (list []*variable) {
	init, ok := s.Init.(*ast.AssignStmt)
	if !ok || init.Tok != token.DEFINE || !f.modern() {
		return nil
	}
	for _, e := range init.Lhs {
		if v := f.vars[f.unit.Info.Defs[e.(*ast.Ident)]]; v != nil && v.cell {
			list = append(list, v)
		}
	}
	return list
}

// modern reports whether loop variables are those of Go 1.22 and later.
func (f *fn) modern() bool {
	return f.version == "" || atLeast122(f.version)
}

// loopBody lowers a loop's body. What continues it leaves a loop of one round
// around the body, if something follows the body in each round.
func (f *fn) loopBody(l *label, body *ast.BlockStmt, follows bool) {
	f.labels = append(f.labels, l)
	at := len(f.lines)
	if !follows {
		l.again = ""
	}
	f.stmts(body.List)
	f.labels = f.labels[:len(f.labels)-1]
	if l.breaks && follows {
		rest := append([]line{{body.Pos(), l.again + ": for {"}}, f.lines[at:]...)
		f.lines = append(f.lines[:at:at], rest...)
		f.emitf("break %s", l.again)
		f.emitf("}")
	}
}

func (f *fn) labeled(s *ast.LabeledStmt) {
	obj := f.unit.Info.Defs[s.Label]
	if f.targets[obj] {
		f.emitf("%s:", f.gotoLabel(obj))
		f.emitf("%s = 0", f.fresh("int")) // no label stands for a loop with a label
	}
	f.next = s.Label.Name
	switch s.Stmt.(type) {
	case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt:
	default:
		f.next = ""
	}
	f.stmt(s.Stmt)
	f.next = ""
}

func (f *fn) gotoLabel(obj types.Object) string {
	if f.gotos[obj] == "" {
		f.gotos[obj] = f.unique("J", obj.Name())
	}
	return f.gotos[obj]
}
