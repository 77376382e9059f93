package lower

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"
)

// rawPackages are those whose functions look into arguments of type any.
var rawPackages = map[string]bool{
	"encoding/json": true, "encoding/xml": true, "encoding/binary": true, "sort": true,
	templates: true,
}

// templates is the package behind text/template.
const templates = "mts/plugins/symbols/internal/template"

// callee returns the host's function or method that fun names, or nil.
func (f *fn) callee(fun ast.Expr) *types.Func {
	var id *ast.Ident
	switch e := ast.Unparen(fun).(type) {
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		id = e.Sel
	default:
		return nil
	}
	fn, ok := f.unit.Info.Uses[id].(*types.Func)
	if !ok || fn.Pkg() == nil || f.unitOf[fn.Pkg()] != nil {
		return nil
	}
	return fn
}

// rawArgs returns the host's function that fun names if it looks into what it
// is given as any, or nil.
func (f *fn) rawArgs(fun ast.Expr) *types.Func {
	fn := f.callee(fun)
	if fn == nil {
		return nil
	}
	path := fn.Pkg().Path()
	if path == "encoding/xml" && (strings.HasPrefix(fn.Name(), "Unmarshal") || strings.HasPrefix(fn.Name(), "Decode")) {
		return rawFunc
	}
	if rawPackages[path] || path == "fmt" && strings.Contains(strings.ToLower(fn.Name()), "scan") {
		return fn
	}
	return nil
}

// rawFunc stands for a function that takes what it is given as it is.
var rawFunc = types.NewFunc(token.NoPos, types.NewPackage("", ""), "", nil)

// isSpecial reports whether special lowers the call.
func (f *fn) isSpecial(e *ast.CallExpr) bool {
	return f.isAs(e) || f.joins(e) || f.decodes(e)
}

func (f *fn) isAs(e *ast.CallExpr) bool {
	fn := f.callee(e.Fun)
	return fn != nil && fn.Pkg().Path() == "errors" && fn.Name() == "As" && len(e.Args) == 2
}

// special lowers calls of functions of the host that need to know types of the
// script.
func (f *fn) special(e *ast.CallExpr) ([]string, bool) {
	if f.isAs(e) {
		return f.errorsAs(e)
	}
	f.template(e)
	if f.joins(e) {
		return f.joined(e), true
	}
	if f.decodes(e) {
		return f.decoded(e), true
	}
	if i := f.format(e); i >= 0 {
		return f.formatted(e, i), true
	}
	return nil, false
}

// errorsAs goes along a chain of errors for one of the script's type.
func (f *fn) errorsAs(e *ast.CallExpr) ([]string, bool) {
	ptr, ok := f.core(e.Args[1]).(*types.Pointer)
	if !ok || f.native(ptr.Elem()) {
		return nil, false
	}
	t := ptr.Elem()
	err := f.argument(e.Args[0], types.Universe.Lookup("error").Type())
	to := f.named(f.expr(e.Args[1]), f.typeOf(e.Args[1]))
	found, ok2 := f.temp("h.Any"), f.temp("bool")
	f.emitf("%s, %s = h.AsError(%s, %d)", found, ok2, err, f.typeID(t))
	f.emitf("if %s {", ok2)
	v, _ := f.assert(found, types.NewInterfaceType(nil, nil), t)
	f.emitf("*%s = %s", to, v)
	f.emitf("}")
	return []string{ok2}, true
}

// format returns which argument of the call is a format that may ask for types
// or pointers, or -1.
func (f *fn) format(e *ast.CallExpr) int {
	fn := f.callee(e.Fun)
	if fn == nil {
		return -1
	}
	sig := fn.Signature()
	n := sig.Params().Len()
	if !sig.Variadic() || n < 2 || len(e.Args) < n || key(sig.Params().At(n-2).Type()) != "string" || strings.Contains(strings.ToLower(fn.Name()), "scan") {
		return -1
	}
	if elem := under(sig.Params().At(n - 1).Type()).(*types.Slice).Elem(); !isInterface(elem) {
		return -1
	}
	if v := f.unit.Info.Types[e.Args[n-2]].Value; v != nil && !strings.ContainsAny(constant.StringVal(v), "Tp") {
		return -1
	}
	return n - 2
}

// formatted has the runtime write the types of boxed values into the format.
func (f *fn) formatted(e *ast.CallExpr, at int) []string {
	sig := f.core(e.Fun).(*types.Signature)
	fun := ast.Unparen(e.Fun)
	var callee func(args []string) string
	var bound []string
	if _, name := f.declared(fun); name != "" {
		callee = func(args []string) string { return name + "(" + strings.Join(args, ", ") + "...)" }
	} else {
		m := f.method(fun.(*ast.SelectorExpr))
		bound = append(bound, m.recv)
		callee = func(args []string) string {
			s := m.call(args)
			return s[:len(s)-1] + "...)"
		}
	}
	args, _ := f.arguments(e, sig, slice, nil)
	s, list := f.temp("string"), f.temp("[]h.Any")
	f.emitf("%s, %s = h.Format(%s, %s)", s, list, args[at], args[at+1])
	args[at], args[at+1] = s, list
	return f.made(plan{call: callee, args: append(bound, args...), results: sig.Results()})
}

// joins reports whether the call is one of fmt.Sprint and its like, which look
// for strings among their operands, and may meet those of the script.
func (f *fn) joins(e *ast.CallExpr) bool {
	fn := f.callee(e.Fun)
	if fn == nil || fn.Pkg().Path() != "fmt" || e.Ellipsis.IsValid() {
		return false
	}
	switch fn.Name() {
	case "Sprint", "Fprint", "Append", "Print":
	default:
		return false
	}
	for _, a := range e.Args {
		if _, ok := f.typeOf(a).(*types.Tuple); ok {
			return false
		}
		t := f.typeOf(a)
		if isInterface(t) && !f.hostInterface(t) || basic(t)&types.IsString != 0 && !f.native(t) {
			return true
		}
	}
	return false
}

func (f *fn) joined(e *ast.CallExpr) []string {
	sig := f.core(e.Fun).(*types.Signature)
	_, name := f.declared(ast.Unparen(e.Fun))
	args, _ := f.arguments(e, sig, slice, nil)
	last := len(args) - 1
	args[last] = f.set("string", "h.Joined("+args[last]+")")
	call := func(args []string) string { return name + "(" + strings.Join(args, ", ") + ")" }
	return f.made(plan{call: call, args: args, results: sig.Results()})
}

// encoders are the packages that go through the fields of what they get.
var encoders = map[string]bool{"encoding/json": true, "encoding/xml": true}

// decodes reports whether the call decodes to a type of the script that an
// encoder can't see as it is.
func (f *fn) decodes(e *ast.CallExpr) bool {
	fn := f.callee(e.Fun)
	if fn == nil || !encoders[fn.Pkg().Path()] || fn.Name() != "Unmarshal" && fn.Name() != "Decode" {
		return false
	}
	t := f.typeOf(e.Args[len(e.Args)-1])
	_, ptr := under(t).(*types.Pointer)
	return ptr && f.irregular(t)
}

func (f *fn) decoded(e *ast.CallExpr) []string {
	last := len(e.Args) - 1
	t := f.typeOf(e.Args[last])
	id := itoa(int64(f.typeID(t)))
	ptr := f.copied(f.named(f.expr(e.Args[last]), t), t)
	target := f.set("h.Any", "h.Target("+id+", "+ptr+")")
	f.done[ast.Unparen(e.Args[last])] = target
	fun := ast.Unparen(e.Fun)
	var p plan
	if _, name := f.declared(fun); name != "" {
		p.args = append(p.args, f.argument(e.Args[0], f.core(e.Fun).(*types.Signature).Params().At(0).Type()))
		p.call = func(args []string) string { return name + "(" + strings.Join(args, ", ") + ")" }
	} else {
		m := f.method(fun.(*ast.SelectorExpr))
		p.args, p.call = append(p.args, m.recv), m.call
	}
	delete(f.done, ast.Unparen(e.Args[last]))
	p.args = append(p.args, target)
	p.results = f.core(e.Fun).(*types.Signature).Results()
	out := f.made(p)
	err := f.set("h.Error", "h.Import("+id+", "+ptr+", "+target+")")
	f.emitf("if %s == nil {", out[0])
	f.emitf("%s = %s", out[0], err)
	f.emitf("}")
	return out
}

// irregular reports whether an encoder would see something else in a value of
// type t than what the script declares.
func (f *fn) irregular(t types.Type) bool { return f.isIrregular(t, map[string]bool{}) }

func (f *fn) isIrregular(t types.Type, seen map[string]bool) bool {
	if f.native(t) || seen[key(t)] {
		return false
	}
	seen[key(t)] = true
	if n := named(t); n != nil && !isInterface(t) {
		set := types.NewMethodSet(types.NewPointer(t))
		for _, name := range []string{"MarshalJSON", "MarshalText", "UnmarshalJSON", "UnmarshalText"} {
			if set.Lookup(nil, name) != nil {
				return true
			}
		}
	}
	switch u := under(t).(type) {
	case *types.Pointer:
		return f.isIrregular(u.Elem(), seen)
	case *types.Slice:
		return f.isIrregular(u.Elem(), seen)
	case *types.Array:
		return f.isIrregular(u.Elem(), seen)
	case *types.Map:
		return f.isIrregular(u.Elem(), seen)
	case *types.Struct:
		for field := range u.Fields() {
			if field.Embedded() || f.isIrregular(field.Type(), seen) {
				return true
			}
		}
	}
	return false
}

// template refuses what templates would look for methods in.
func (f *fn) template(e *ast.CallExpr) {
	fn := f.callee(e.Fun)
	if fn == nil || fn.Pkg().Path() != templates || !strings.HasPrefix(fn.Name(), "Execute") {
		return
	}
	data := e.Args[len(e.Args)-1]
	t := f.typeOf(data)
	if f.methodical(t, map[string]bool{}) || isInterface(t) && f.anyMethods() {
		f.refuse(data.Pos(), "templates don't find methods of a script's type; hand them a map or a plain struct")
	}
}

// methodical reports whether a value of type t leads to one of a script's type
// with methods.
func (f *fn) methodical(t types.Type, seen map[string]bool) bool {
	if f.native(t) || seen[key(t)] || isInterface(t) {
		return false
	}
	seen[key(t)] = true
	if named(t) != nil && types.NewMethodSet(types.NewPointer(t)).Len() > 0 {
		return true
	}
	switch u := under(t).(type) {
	case interface{ Elem() types.Type }:
		return f.methodical(u.Elem(), seen)
	case *types.Struct:
		for field := range u.Fields() {
			if f.methodical(field.Type(), seen) {
				return true
			}
		}
	}
	return false
}

// anyMethods reports whether the script declares methods.
func (p *program) anyMethods() bool {
	for fn := range p.decls {
		if fn.Pkg() == p.main.Pkg && fn.(*types.Func).Signature().Recv() != nil {
			return true
		}
	}
	return false
}
