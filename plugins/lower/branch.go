package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"go/version"
)

func atLeast122(v string) bool { return version.Compare(v, "go1.22") >= 0 }

// gotoTargets remembers the labels that goto statements name.
func (p *program) gotoTargets(u *Unit, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		if b, ok := n.(*ast.BranchStmt); ok && b.Tok == token.GOTO {
			p.targets[u.Info.Uses[b.Label]] = true
		}
		return true
	})
}

// branch lowers break, continue and goto. A break may have to leave a function
// that a loop's body has become.
func (f *fn) branch(s *ast.BranchStmt) {
	switch s.Tok {
	case token.GOTO:
		f.emitf("goto %s", f.gotoLabel(f.unit.Info.Uses[s.Label]))
		return
	case token.FALLTHROUGH:
		return // its switch has seen to it
	}
	l := f.target(s)
	if l == nil {
		f.refuse(s.Pos(), "%s to a place that can't be lowered", s.Tok)
		return
	}
	f.jump(s.Tok, l)
}

func (f *fn) jump(tok token.Token, l *label) {
	switch {
	case l.owner != f || l.loop != nil:
		f.leap(tok, l)
	case tok == token.BREAK && l.isSwitch:
		l.breaks = true
		f.emitf("break %s", l.exit)
	case tok == token.BREAK:
		f.emitf("break %s", l.exit)
	case l.again == "":
		f.emitf("continue %s", l.exit)
	default:
		l.breaks = true
		f.emitf("break %s", l.again)
	}
}

// target returns the statement that a break or continue is for.
func (f *fn) target(s *ast.BranchStmt) *label {
	for g := f; g != nil; g = g.parent {
		for i := len(g.labels) - 1; i >= 0; i-- {
			l := g.labels[i]
			switch {
			case s.Label != nil && l.name != s.Label.Name:
			case s.Label == nil && s.Tok == token.CONTINUE && l.isSwitch:
			default:
				return l
			}
		}
		if !g.inner() {
			return nil
		}
	}
	return nil
}

// switchStmt lowers a switch: a chain of comparisons finds the clause.
func (f *fn) switchStmt(s *ast.SwitchStmt, name string) {
	if s.Init != nil {
		f.stmt(s.Init)
		f.at(s)
	}
	l := &label{name: name, exit: f.unique("L", name), owner: f, isSwitch: true}
	f.enclosed(l, func() {
		tag, typ := "", types.Type(types.Typ[types.Bool])
		if s.Tag != nil {
			f.hoist(s.Tag)
			typ = f.typeOf(s.Tag)
			tag = f.set(f.typ(typ), f.atomic(f.expr(s.Tag), typ))
		}
		clauses, bodies, other := f.clauses(s, tag, typ)
		if falls := fallsThrough(s.Body); len(falls) > 0 {
			f.numbered(clauses, bodies, falls, other)
		} else {
			f.chain(clauses, bodies, other)
		}
	})
}

// A clause tests for one case and returns the condition, an operand.
type clause struct {
	test func() string
	body int
}

func (f *fn) clauses(s *ast.SwitchStmt, tag string, typ types.Type) (clauses []clause, bodies []func(), other int) {
	other = -1
	for i, c := range s.Body.List {
		c := c.(*ast.CaseClause)
		bodies = append(bodies, func() { f.stmts(c.Body) })
		if c.List == nil {
			other = i
		}
		for _, e := range c.List {
			clauses = append(clauses, clause{func() string {
				f.at(e)
				f.hoist(e)
				if tag == "" && !isInterface(f.typeOf(e)) {
					return f.named(f.expr(e), types.Typ[types.Bool])
				} else if tag == "" {
					return f.equal("true", typ, f.expr(e), f.typeOf(e))
				}
				if f.unit.Info.Types[e].IsNil() {
					return f.set("bool", tag+" == nil")
				}
				return f.equal(tag, typ, f.expr(e), f.typeOf(e))
			}, i})
		}
	}
	return clauses, bodies, other
}

// fallsThrough returns the clauses that go on with the next.
func fallsThrough(body *ast.BlockStmt) map[int]bool {
	falls := map[int]bool{}
	for i, c := range body.List {
		if list := c.(*ast.CaseClause).Body; len(list) > 0 {
			if b, ok := list[len(list)-1].(*ast.BranchStmt); ok && b.Tok == token.FALLTHROUGH {
				falls[i] = true
			}
		}
	}
	return falls
}

// chain tests one case after the other; cases of the same clause share a body.
func (f *fn) chain(clauses []clause, bodies []func(), other int) {
	depth := 0
	for i := 0; i < len(clauses); {
		j := i + 1
		for j < len(clauses) && clauses[j].body == clauses[i].body {
			j++
		}
		mark := len(f.used)
		c := clauses[i].test()
		if j > i+1 {
			any := f.set("bool", c)
			for _, more := range clauses[i+1 : j] {
				f.emitf("if %s {", any)
				f.emitf("} else {")
				f.emitf("%s = %s", any, more.test())
				f.emitf("}")
			}
			c = any
		}
		f.release(mark)
		f.emitf("if %s {", c)
		bodies[clauses[i].body]()
		f.emitf("} else {")
		depth++
		i = j
	}
	if other >= 0 {
		bodies[other]()
	}
	for range depth {
		f.emitf("}")
	}
}

// numbered finds the number of the clause first, because one falls through to
// the next.
func (f *fn) numbered(clauses []clause, bodies []func(), falls map[int]bool, other int) {
	n := f.fresh("int")
	f.emitf("%s = %d", n, len(bodies))
	if other >= 0 {
		f.emitf("%s = %d", n, other)
	}
	found := make([]func(), len(bodies))
	for i := range found {
		found[i] = func() { f.emitf("%s = %d", n, i) }
	}
	f.chain(clauses, found, -1)
	for i, body := range bodies {
		f.emitf("if %s == %d {", n, i)
		body()
		if falls[i] {
			f.emitf("%s = %d", n, i+1)
		} else {
			f.emitf("%s = %d", n, len(bodies))
		}
		f.emitf("}")
	}
}
