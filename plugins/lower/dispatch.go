package lower

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"
)

// A dispatcher calls a method of an interface of the script: a function that
// asks for the type of the value. Which types there may be is known.
type dispatcher struct {
	name  string
	fn    *types.Func
	sig   *types.Signature
	known int // types that have been looked at
	lines []line
}

func (p *program) dispatcher(fn *types.Func, sig *types.Signature) *dispatcher {
	k := fn.Id() + key(sig)
	d := p.dispatchers[k]
	if d == nil {
		d = &dispatcher{name: p.unique("D", fn.Name()), fn: fn, sig: sig}
		p.dispatchers[k] = d
		p.dispatch = append(p.dispatch, d)
	}
	return d
}

// params returns the parameters of a function that takes a value and the
// arguments of one of its methods, and the names of the arguments.
func (p *program) params(sig *types.Signature) (params string, args []string, out []string) {
	list := []string{"x h.Any"}
	for i := range sig.Params().Len() {
		args = append(args, fmt.Sprint("a", i))
		list = append(list, args[i]+" "+p.param(p.typ(sig.Params().At(i).Type())))
	}
	for v := range sig.Results().Variables() {
		out = append(out, p.typ(v.Type()))
	}
	return strings.Join(list, ", "), args, out
}

// cases adds the types that are new. It reports whether there were any.
func (d *dispatcher) cases(p *program) bool {
	again := d.known < len(p.types)
	for ; d.known < len(p.types); d.known++ {
		t := p.types[d.known]
		if isInterface(t) || p.native(t) {
			continue
		}
		sel := types.NewMethodSet(t).Lookup(d.fn.Pkg(), d.fn.Name())
		if sel == nil || key(withoutRecv(sel.Obj().(*types.Func).Signature())) != key(d.sig) {
			continue
		}
		_, args, out := p.params(d.sig)
		call := p.adapter(d.known, sel) + "(" + strings.Join(append([]string{"raw"}, args...), ", ") + ")"
		d.lines = append(d.lines, line{token.NoPos, fmt.Sprintf("if id == %d {", d.known)})
		d.lines = append(d.lines, calling(call, out)...)
		d.lines = append(d.lines, line{token.NoPos, "}"})
	}
	return again
}

func withoutRecv(sig *types.Signature) *types.Signature {
	return types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic())
}

// calling makes the call and returns its results.
func calling(call string, out []string) []line {
	if len(out) == 0 {
		return []line{{token.NoPos, call}, {token.NoPos, "return"}}
	}
	var rs []string
	for i := range out {
		rs = append(rs, fmt.Sprint("r", i))
	}
	list := strings.Join(rs, ", ")
	return []line{{token.NoPos, list + " = " + call}, {token.NoPos, "return " + list}}
}

// text returns the dispatcher's function. A value of the host's own has the
// method at hand.
func (d *dispatcher) text(p *program) []line {
	params, args, out := p.params(d.sig)
	var lines []line
	add := func(s string) { lines = append(lines, line{token.NoPos, s}) }
	add("func " + d.name + "(" + params + ")" + results(out) + " {")
	add("var id int")
	add("var raw h.Any")
	for i, typ := range out {
		add(fmt.Sprintf("var r%d %s", i, typ))
	}
	add("id, raw = h.Open(x)")
	lines = append(lines, d.lines...)
	typ := "func" + p.signature(d.sig)
	add("var m " + typ)
	add("raw = h.Bound(x, \"" + d.fn.Name() + "\")")
	add("m = raw.(" + typ + ")")
	dots := ""
	if d.sig.Variadic() {
		dots = "..."
	}
	for i, typ := range p.typesOf(d.sig) {
		if p.floaty[typ] {
			args[i] = "*" + args[i]
		}
	}
	lines = append(lines, calling("m("+strings.Join(args, ", ")+dots+")", out)...)
	add("}")
	return lines
}

// adapter returns the name of a function that calls the method sel of a value
// that was taken out of its box.
func (p *program) adapter(id int, sel *types.Selection) string {
	t := p.types[id]
	k := fmt.Sprintf("adapter %d %s", id, sel.Obj().Id())
	if name, ok := p.funcs[k]; ok {
		return name
	}
	name := p.unique("A", sel.Obj().Name())
	p.funcs[k] = name
	fn := sel.Obj().(*types.Func)
	sig := withoutRecv(fn.Signature())
	params, args, out := p.params(sig)
	f := p.newFn(p.main, nil, fn.Pos())
	f.sig = sig
	v := f.fresh(p.typ(t))
	f.emitf("%s = %s", v, p.zero(t))
	f.unwrap(v, "x", t)
	m := f.methodOf(v, t, fn, sel.Index())
	for i, typ := range p.typesOf(sig) {
		if p.floaty[typ] {
			f.declare("v"+args[i], typ)
			f.emitf("v%s = *%s", args[i], args[i])
			args[i] = "v" + args[i]
		}
	}
	all := append([]string{m.recv}, args...)
	text := m.call(all)
	if sig.Variadic() && m.variadic != slice {
		text = text[:len(text)-1] + "...)"
	}
	for i, typ := range out {
		f.declare(fmt.Sprint("r", i), typ)
	}
	f.lines = append(f.lines, calling(text, out)...)
	p.emit(f.finish("func "+name+"("+params+")"+results(out), fn.Pos()))
	return name
}

// parts has the runtime know the types within t, whose methods the host calls
// when it goes through a value.
func (p *program) parts(t types.Type) {
	add := func(t types.Type) {
		if isInterface(t) || p.native(t) {
			return
		}
		p.typeID(t)
		set := types.NewMethodSet(types.NewPointer(t))
		if set.Lookup(nil, "UnmarshalJSON") != nil || set.Lookup(nil, "UnmarshalText") != nil {
			p.typeID(types.NewPointer(t))
		}
	}
	switch u := under(t).(type) {
	case *types.Pointer:
		add(u.Elem())
	case *types.Slice:
		add(u.Elem())
	case *types.Array:
		add(u.Elem())
	case *types.Map:
		add(u.Key())
		add(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			add(f.Type())
		}
	}
}

// adapt has the runtime know the methods of a type that the host may call.
func (p *program) adapt(id int) {
	t := p.types[id]
	if isInterface(t) || p.native(t) {
		return
	}
	p.parts(t)
	set := types.NewMethodSet(t)
	for i := range set.Len() {
		sel := set.At(i)
		if !sel.Obj().Exported() || !p.runtime.Calls(sel.Obj().Name()) {
			continue
		}
		name := p.adapter(id, sel)
		sig := sel.Obj().(*types.Func).Signature()
		_, args, out := p.params(withoutRecv(sig))
		typs := append([]string{"h.Any"}, p.typesOf(sig)...)
		params := "x h.Any"
		for i, a := range args {
			params += ", " + a + " " + typs[i+1]
		}
		mk := p.unique("mk", "")
		call := name + "(" + p.pass(append([]string{"x"}, args...), typs) + ")"
		lines := []line{{token.NoPos, "func " + mk + "() func(" + params + ")" + results(out) + " {"}, {token.NoPos, "return func(" + params + ")" + results(out) + " {"}}
		for i, typ := range out {
			lines = append(lines, line{token.NoPos, fmt.Sprintf("var r%d %s", i, typ)})
		}
		lines = append(lines, calling(call, out)...)
		p.emit(append(lines, line{token.NoPos, "}"}, line{token.NoPos, "}"}))
		v := p.unique("G", "method")
		p.varDecls = append(p.varDecls, line{token.NoPos, "var " + v + " func(" + params + ")" + results(out)})
		p.methods = append(p.methods,
			line{token.NoPos, "\t" + v + " = " + mk + "()"},
			line{token.NoPos, fmt.Sprintf("\th.Method(%d, %q, %s)", id, sel.Obj().Name(), v)})
	}
}
