// Package check tells whether a script stays within what scripts may do, and
// makes of it a program that the interpreter runs as the Go compiler would.
//
// A script is type-checked in the language of the Go version in use, against
// the very symbol tables it will run with; searched for what is refused for
// good, as goroutines are; and lowered (see package lower), which refuses what
// it can't express. Every finding says what to write instead, and all of them
// are found in one run, but for those of lowering, which needs right types.
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
	"go/version"
	"io/fs"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/traefik/yaegi/interp"

	"mts/plugins/lower"
)

// Limits of a script's source.
const (
	MaxBytes = 1 << 20 // of all its files together
	MaxFiles = 64
)

// language returns the version of Go that scripts are written in: that of the
// program, as in "go1.26".
func language() string { return version.Lang(runtime.Version()) }

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
	_, found := c.Load(fsys, name)
	return found
}

// Load checks a package as Dir does and lowers it for the functions roots that
// the host is going to call. The program is nil if anything was found.
func (c *Checker) Load(fsys fs.FS, name string, roots ...string) (*lower.Program, []Finding) {
	r := &report{fset: token.NewFileSet()}
	files := r.files(fsys)
	return c.load(r, files, name, roots)
}

// File checks a script that is a single file of package main, and that nobody
// compiles.
func (c *Checker) File(name string, src []byte) []Finding {
	_, found := c.LoadFile(name, src)
	return found
}

// LoadFile checks a script as File does and lowers it, as Load does.
func (c *Checker) LoadFile(name string, src []byte, roots ...string) (*lower.Program, []Finding) {
	r := &report{fset: token.NewFileSet()}
	var files []*ast.File
	if len(src) > MaxBytes {
		r.file(name, "more than %d bytes of source", MaxBytes)
	} else if f := r.parse(name, src, false); f != nil {
		files = append(files, f)
	}
	return c.load(r, files, "main", roots)
}

// load says all that is wrong with the files. They are lowered only if their
// types are right.
func (c *Checker) load(r *report, files []*ast.File, name string, roots []string) (*lower.Program, []Finding) {
	if len(files) == 0 {
		return nil, r.sorted()
	}
	for _, f := range files {
		if f.Name.Name != name {
			r.add(f.Name.Pos(), "package is called %s; write package %s", f.Name.Name, name)
		}
		c.imports.allow(r, f)
	}
	unit := &lower.Unit{Files: files, Info: lower.NewInfo()}
	before := len(r.found)
	unit.Pkg = c.types(r, files, name, unit.Info)
	typed := len(r.found) == before
	lint(r, files, unit.Pkg, unit.Info)
	if c.shape != nil && typed {
		c.shape(unit.Pkg, func(pos token.Pos, msg string) {
			if !pos.IsValid() {
				pos = files[0].Name.Pos()
			}
			r.add(pos, "%s", msg)
		})
	}
	if len(r.found) > 0 {
		return nil, r.sorted()
	}
	program, found := lower.Package(r.fset, unit, host{c.imports, map[any]reflect.Value{}}, roots...)
	for _, f := range found {
		r.add(f.Pos, "%s", f.Msg)
	}
	if len(r.found) > 0 {
		return nil, r.sorted()
	}
	return program, nil
}

func (c *Checker) types(r *report, files []*ast.File, name string, info *types.Info) *types.Package {
	conf := types.Config{
		GoVersion: language(),
		Importer:  c.imports,
		Sizes:     types.SizesFor("gc", runtime.GOARCH),
		Error: func(err error) {
			if e, ok := errors.AsType[types.Error](err); ok && !said(e.Msg) {
				r.add(e.Pos, "%s", advise(e.Msg))
			}
		},
	}
	pkg, _ := conf.Check(name, r.fset, files, info)
	return pkg
}

// said reports whether a message of the type checker is about what load finds
// by itself, or goes on with the one before.
func said(msg string) bool {
	return strings.HasPrefix(msg, "\t") || strings.HasPrefix(msg, "could not import ") || strings.Contains(msg, "; expected package ")
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
