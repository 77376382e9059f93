package check

import (
	"go/token"
	"go/types"

	"mts/plugins/symbols"
)

// NewPlugin returns a checker of plugins. A plugin declares one of these, or
// both:
//
//	func Commands() []core.Command
//	func Hooks() core.Hooks
//
// and may declare these:
//
//	func Configure(settings map[string]any) error
//	func Close()
func NewPlugin() *Checker { return New(symbols.Exports(), plugin) }

func plugin(pkg *types.Package, report func(token.Pos, string)) {
	var commands types.Type
	var hooks types.Type
	for _, p := range pkg.Imports() {
		if p.Path() == "mts/core" {
			commands = types.NewSlice(p.Scope().Lookup("Command").Type())
			if h := p.Scope().Lookup("Hooks"); h != nil {
				hooks = h.Type()
			}
		}
	}
	settings := types.NewMap(types.Typ[types.String], types.Universe.Lookup("any").Type())
	if pkg.Scope().Lookup("Commands") == nil && pkg.Scope().Lookup("Hooks") == nil {
		report(token.NoPos, "the plugin offers nothing; write func Commands() []core.Command or func Hooks() core.Hooks")
	}
	for _, f := range []struct {
		name, want string
		typ        *types.Signature
	}{
		{"Commands", "func Commands() []core.Command", function(nil, commands)},
		{"Configure", "func Configure(settings map[string]any) error", function(settings, types.Universe.Lookup("error").Type())},
		{"Close", "func Close()", function(nil, nil)},
		{"Hooks", "func Hooks() core.Hooks", function(nil, hooks)},
	} {
		obj := pkg.Scope().Lookup(f.name)
		if obj == nil {
			continue
		}
		if _, ok := obj.(*types.Func); !ok || !types.Identical(obj.Type(), f.typ) {
			report(obj.Pos(), f.name+" is something else than the host calls; write "+f.want)
		}
	}
}

// function returns the type of a function of that parameter and result; nil is none.
func function(param, result types.Type) *types.Signature {
	tuple := func(t types.Type) *types.Tuple {
		if t == nil {
			return nil
		}
		return types.NewTuple(types.NewParam(token.NoPos, nil, "", t))
	}
	return types.NewSignatureType(nil, nil, nil, tuple(param), tuple(result), false)
}
