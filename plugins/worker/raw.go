package worker

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"github.com/traefik/yaegi/interp"

	"mts/core"
	"mts/plugins/internal/link"
	"mts/plugins/symbols"
)

// raw makes a program of a plugin as it is, for Unchecked: the interpreter imports
// its folder.
func raw(p *plugin, s *script) (program, error) {
	has, err := p.functions()
	if err != nil {
		return program{}, err
	}
	if !has["Commands"] && !has["Hooks"] {
		return program{}, errNothing
	}
	var b strings.Builder
	fmt.Fprintf(&b, "package main\nimport (\n\"mts/boot\"\np \"plug/%s\"\n)\nfunc main() {\n", p.Name)
	if has["Configure"] {
		b.WriteString("if boot.Configure(p.Configure) {\n")
	} else {
		b.WriteString("{\n")
	}
	for _, name := range []string{"Commands", "Hooks"} {
		if has[name] {
			fmt.Fprintf(&b, "boot.%s(p.%s())\n", name, name)
		}
	}
	if has["Close"] {
		b.WriteString("boot.Close(p.Close)\n")
	}
	b.WriteString("}\nboot.Park()\n}\n")
	return program{b.String(), []interp.Exports{symbols.Exports(), s.boot(p)}, p.files, os.Stderr, nil}, nil
}

// boot is how the plugin's main reaches s.
func (s *script) boot(p *plugin) interp.Exports {
	return interp.Exports{"mts/boot/boot": {
		"Configure": reflect.ValueOf(func(f func(map[string]any) error) bool { return s.configured(p, f) }),
		"Commands":  reflect.ValueOf(func(c []core.Command) { s.commands = c }),
		"Hooks":     reflect.ValueOf(func(h core.Hooks) { s.hooks = h }),
		"Close":     reflect.ValueOf(func(f func()) { s.close = f }),
		"Park":      reflect.ValueOf(s.park),
	}}
}

// functions returns the names of the plugin's functions.
func (p *plugin) functions() (map[string]bool, error) {
	sources, err := fs.Glob(p.files, link.Folder+p.Name+"/*.go")
	if err != nil {
		return nil, err
	}
	has := make(map[string]bool)
	for _, name := range sources {
		src, err := fs.ReadFile(p.files, name)
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(token.NewFileSet(), strings.TrimPrefix(name, link.Folder), src, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range f.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				has[f.Name.Name] = true
			}
		}
	}
	return has, nil
}
