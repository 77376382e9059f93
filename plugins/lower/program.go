package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"sort"
	"strings"

	"mts/plugins/lower/internal/rt"
)

// A structName is the lowered name of a struct type.
type structName struct {
	name string
	typ  types.Type
}

// A program is one that is being lowered.
type program struct {
	fset    *token.FileSet
	main    *Unit
	host    Host
	context *types.Context
	runtime *rt.Runtime

	findings []Finding
	pos      token.Pos   // of what is being lowered
	places   []token.Pos // where the script may end
	n        int         // names given so far

	typs      map[string]string // lowered types by key
	natives   map[string]bool
	floaty    map[string]bool // lowered types with floating-point numbers in them
	structs   []structName
	layout    *layout
	hostNames map[reflect.Type]string
	borrowed  map[types.Type]reflect.Type // host structs by their underlying type
	symbols   map[types.Object]string
	exports   map[string]reflect.Value

	unitOf   map[*types.Package]*Unit
	decls    map[types.Object]*ast.FuncDecl
	order    []*Unit // a package comes after those it imports
	globals  map[types.Object]string
	varDecls []line
	pool     map[string]string // package variables for constants, by value
	nulls    map[string]string // package variables that are nil, by type

	funcs     map[string]string // names by instance
	queue     []func()          // bodies to be lowered
	functions []line            // functions that are done

	ids         map[string]int // of types at run time, by key
	types       []types.Type
	dispatchers map[string]*dispatcher
	dispatch    []*dispatcher
	adapted     int // how many types have their methods registered
	methods     []line
	cells       map[ast.Node]map[types.Object]bool
	loose       bool                  // recover is called in other functions than deferred literals
	targets     map[types.Object]bool // of goto statements
	init, zeros []line
	roots       []line
}

func newProgram(fset *token.FileSet, u *Unit, host Host) *program {
	p := &program{
		fset: fset, main: u, host: host, context: types.NewContext(),
		typs: map[string]string{}, natives: map[string]bool{}, floaty: map[string]bool{}, hostNames: map[reflect.Type]string{},
		borrowed: map[types.Type]reflect.Type{}, symbols: map[types.Object]string{},
		unitOf: map[*types.Package]*Unit{}, decls: map[types.Object]*ast.FuncDecl{},
		globals: map[types.Object]string{}, pool: map[string]string{}, nulls: map[string]string{}, funcs: map[string]string{},
		ids: map[string]int{}, dispatchers: map[string]*dispatcher{},
		cells: map[ast.Node]map[types.Object]bool{}, targets: map[types.Object]bool{},
	}
	p.layout = newLayout(p)
	p.runtime = rt.New()
	p.exports = p.runtime.Exports()
	return p
}

// units finds the packages that are lowered and what they declare.
func (p *program) units() {
	var add func(u *Unit)
	add = func(u *Unit) {
		if p.unitOf[u.Pkg] != nil {
			return
		}
		p.unitOf[u.Pkg] = u
		for _, imp := range u.Pkg.Imports() {
			if lib := p.host.Library(imp); lib != nil {
				add(lib)
			} else {
				p.borrow(imp)
			}
		}
		p.order = append(p.order, u)
		for _, file := range u.Files {
			p.gotoTargets(u, file)
			for _, d := range file.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok {
					p.decls[u.Info.Defs[fn.Name]] = fn
					p.loose = p.loose || looselyRecovers(fn, u.Info)
				}
			}
		}
	}
	add(p.main)
}

// borrow remembers the structs of a host package, of which a script may
// declare types.
func (p *program) borrow(pkg *types.Package) {
	for _, name := range pkg.Scope().Names() {
		if tn, ok := pkg.Scope().Lookup(name).(*types.TypeName); ok {
			if n := named(tn.Type()); n != nil && n.Obj().Pkg() != nil {
				if _, ok := n.Underlying().(*types.Struct); ok {
					p.borrowed[n.Underlying()] = p.host.Type(n)
				}
			}
		}
	}
}

func (p *program) unique(prefix, hint string) string {
	p.n++
	if hint = ident(hint); hint == "" {
		hint = "x"
	}
	return fmt.Sprintf("%s_%s_%d", prefix, hint, p.n)
}

// symbol returns the lowered name of a function or variable of the host.
func (p *program) symbol(obj types.Object) string {
	name, ok := p.symbols[obj]
	if !ok {
		name = fmt.Sprintf("%s_%d", obj.Name(), len(p.symbols))
		v := p.host.Symbol(obj)
		if !v.IsValid() {
			p.refuse(p.pos, "%s isn't there", obj.Name())
		}
		p.symbols[obj] = name
		p.exports[name] = v
	}
	return "h." + name
}

// global returns the lowered name of a package variable.
func (p *program) global(v *types.Var) string {
	name, ok := p.globals[v]
	if !ok {
		name = p.unique("G", v.Name())
		p.globals[v] = name
		p.varDecls = append(p.varDecls, line{v.Pos(), "var " + name + " " + p.typ(v.Type())})
	}
	return name
}

// initialise lowers package variables, in go/types' order, and init functions.
func (p *program) initialise() {
	for _, u := range p.order {
		vars := map[types.Object]bool{}
		for _, init := range u.Info.InitOrder {
			name := p.unique("I", init.Lhs[0].Name())
			f := p.newFn(u, nil, init.Rhs.Pos())
			f.cellsOf = p.cellsIn(init.Rhs, u)
			f.initVars(init)
			p.emit(f.finish("func "+name+"()", init.Rhs.Pos()))
			p.init = append(p.init, line{init.Rhs.Pos(), "\t" + name + "()"})
			for _, v := range init.Lhs {
				vars[v] = true
			}
		}
		for _, file := range u.Files {
			p.zeroVars(u, file, vars)
			for _, d := range file.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					name := p.unique("F", "init")
					p.lowerFunc(u, fn, nil, name)
					p.init = append(p.init, line{fn.Pos(), "\t" + name + "()"})
				}
			}
		}
	}
}

// zeroVars clears the variables that have no initialiser: first of all.
func (p *program) zeroVars(u *Unit, file *ast.File, done map[types.Object]bool) {
	for _, d := range file.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, spec := range gen.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if v, ok := u.Info.Defs[name].(*types.Var); ok && name.Name != "_" && !done[v] {
					g := p.global(v)
					p.zeros = append(p.zeros, line{v.Pos(), "\t" + g + " = " + p.zero(v.Type())})
				}
			}
		}
	}
}

// finish lowers what is queued, and what that needs in turn.
func (p *program) finish() {
	for {
		switch {
		case len(p.queue) > 0:
			next := p.queue[0]
			p.queue = p.queue[1:]
			next()
		case p.adapted < len(p.types):
			p.adapt(p.adapted)
			p.adapted++
		default:
			again := false
			for i := 0; i < len(p.dispatch); i++ {
				again = p.dispatch[i].cases(p) || again
			}
			if !again && len(p.queue) == 0 && p.adapted == len(p.types) {
				p.runtime.SetTypes(p.types)
				if len(p.findings) > 0 {
					return // there may be types without an end
				}
				for _, s := range p.structs {
					p.exports[s.name] = reflect.Zero(reflect.PointerTo(p.layout.of(s.typ)))
				}
				return
			}
		}
	}
}

func (p *program) emit(lines []line) { p.functions = append(p.functions, lines...) }

// text puts the lowered file together.
func (p *program) text() []line {
	lines := []line{{text: "package main"}, {text: `import "h"`}}
	lines = append(lines, p.varDecls...)
	lines = append(lines, p.functions...)
	for _, d := range p.dispatch {
		lines = append(lines, d.text(p)...)
	}
	lines = append(lines, line{text: "func " + Init + "() {"})
	lines = append(lines, p.methods...)
	values := make([]string, 0, len(p.pool))
	for v := range p.pool {
		values = append(values, v)
	}
	sort.Strings(values)
	for _, v := range values {
		lines = append(lines, line{text: "\t" + p.pool[v] + " = " + v})
	}
	lines = append(lines, p.zeros...)
	lines = append(lines, p.roots...)
	lines = append(lines, p.init...)
	return append(lines, line{text: "}"})
}

// function returns the lowered name of a declared function or method, with
// type arguments if it is generic: those of the receiver for a method.
func (p *program) function(fn *types.Func, args []types.Type) string {
	origin := fn.Origin()
	var b strings.Builder
	fmt.Fprintf(&b, "%p", origin)
	for _, a := range args {
		b.WriteString("[" + key(a) + "]")
	}
	name, ok := p.funcs[b.String()]
	if !ok {
		name = p.unique("F", fn.Name())
		p.funcs[b.String()] = name
		if len(p.funcs) > maxFuncs {
			p.refuse(p.pos, "more than %d functions with those that type arguments make; use fewer types", maxFuncs)
			return name
		}
		decl, u := p.decls[origin], p.unitOf[origin.Pkg()]
		if decl == nil || u == nil || decl.Body == nil {
			p.refuse(p.pos, "function %s has no body", fn.Name())
			return name
		}
		sig := origin.Type().(*types.Signature)
		params := sig.TypeParams()
		if sig.Recv() != nil {
			params = sig.RecvTypeParams()
		}
		e := env(nil).bind(params, args)
		p.queue = append(p.queue, func() { p.lowerFunc(u, decl, e, name) })
	}
	return name
}

// maxFuncs bounds what generics may grow into.
const maxFuncs = 10000

// typeID returns the number by which the runtime knows t.
func (p *program) typeID(t types.Type) int {
	k := key(t)
	id, ok := p.ids[k]
	if !ok {
		id = len(p.types)
		p.ids[k] = id
		p.types = append(p.types, t)
	}
	return id
}
