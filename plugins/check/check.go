// Package check tells whether a script is one that the interpreter runs as
// the Go compiler would, and that stays within what scripts may do.
//
// The interpreter accepts nearly all of Go and computes something else for a
// part of it, without a word. So a script is type-checked against the very
// symbol tables it will run with, and then searched for what is known to go
// wrong. Every finding says what to write instead.
//
// Nothing is run. Initialisers of package variables and init functions run
// when the script is loaded; bounding those is up to the loader.
package check

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"io/fs"
	"runtime"
	"slices"

	"github.com/traefik/yaegi/interp"
)

// Limits of a script's source.
const (
	MaxBytes = 1 << 20 // of all its files together
	MaxFiles = 64
)

// language is the version of Go that the interpreter keeps to.
const language = "go1.20"

// A Finding is something that keeps a script from being loaded.
type Finding struct {
	Pos token.Position // Filename is relative to the script's directory
	Msg string         // what is wrong; what to write instead
}

// String returns "file:line:column: message".
func (f Finding) String() string { return f.Pos.String() + ": " + f.Msg }

// A Checker checks scripts of one kind. It may be used by several goroutines
// at once.
type Checker struct {
	imports *importer
	shape   Shape
}

// A Shape says what is missing in the package that a script declares, for
// scripts that have to declare something. It calls report for each finding.
type Shape func(pkg *types.Package, report func(token.Pos, string))

// New returns a checker of scripts that may import what exports hold and have
// the given shape; a nil shape is any.
func New(exports interp.Exports, shape Shape) *Checker {
	return &Checker{newImporter(exports), shape}
}

// Dir checks the package of that name in the root of fsys, and returns what it
// found sorted by position. Test files are left out, as are those whose names
// end in another system. A script in a real directory must not be writable by
// others than its owner and group.
func (c *Checker) Dir(fsys fs.FS, name string) []Finding {
	r := &report{fset: token.NewFileSet()}
	c.check(r, r.files(fsys), name)
	return r.sorted()
}

// File checks a script that is a single file of package main, and that nobody
// compiles.
func (c *Checker) File(name string, src []byte) []Finding {
	r := &report{fset: token.NewFileSet()}
	if len(src) > MaxBytes {
		r.file(name, "more than %d bytes of source", MaxBytes)
	} else if f := r.parse(name, src, false); f != nil {
		c.check(r, []*ast.File{f}, "main")
	}
	return r.sorted()
}

// check stops at the first step that finds something, because the next would
// stumble over the same.
func (c *Checker) check(r *report, files []*ast.File, name string) {
	if len(r.found) > 0 {
		return
	}
	for _, f := range files {
		if f.Name.Name != name {
			r.add(f.Name.Pos(), "package is called %s; write package %s", f.Name.Name, name)
		}
		c.imports.allow(r, f)
	}
	if len(r.found) > 0 {
		return
	}
	info := &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Uses:       map[*ast.Ident]types.Object{},
		Defs:       map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	pkg := c.types(r, files, name, info)
	if len(r.found) > 0 {
		return
	}
	lint(r, files, pkg, info)
	if c.shape != nil {
		c.shape(pkg, func(pos token.Pos, msg string) {
			if !pos.IsValid() {
				pos = files[0].Name.Pos()
			}
			r.add(pos, "%s", msg)
		})
	}
}

func (c *Checker) types(r *report, files []*ast.File, name string, info *types.Info) *types.Package {
	conf := types.Config{
		GoVersion: language,
		Importer:  c.imports,
		Sizes:     types.SizesFor("gc", runtime.GOARCH),
		Error: func(err error) {
			if e, ok := errors.AsType[types.Error](err); ok {
				r.add(e.Pos, "%s", advise(e.Msg))
			}
		},
	}
	pkg, _ := conf.Check(name, r.fset, files, info)
	return pkg
}

// A report collects findings.
type report struct {
	fset  *token.FileSet
	found []Finding
}

func (r *report) add(pos token.Pos, format string, args ...any) {
	r.found = append(r.found, Finding{r.fset.Position(pos), fmt.Sprintf(format, args...)})
}

func (r *report) sorted() []Finding {
	slices.SortFunc(r.found, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Pos.Filename, b.Pos.Filename),
			cmp.Compare(a.Pos.Offset, b.Pos.Offset),
			cmp.Compare(a.Msg, b.Msg))
	})
	return slices.Compact(r.found)
}
