package check

import (
	"errors"
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/parser"
	"go/scanner"
	"io"
	"io/fs"
	"strings"

	"mts/core/access"
)

// files reads and parses the package in the root of fsys.
func (r *report) files(fsys fs.FS) []*ast.File {
	r.mode(fsys, ".")
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		r.file(".", "%v", err)
		return nil
	}
	var files []*ast.File
	size, count := 0, 0
	for _, e := range entries {
		if !source(e.Name()) {
			continue
		}
		if count++; count > MaxFiles {
			r.file(e.Name(), "more than %d files; join some", MaxFiles)
			return nil
		}
		src, ok := r.read(fsys, e.Name())
		if !ok {
			continue
		}
		if size += len(src); size > MaxBytes {
			r.file(e.Name(), "more than %d bytes of source; serve data from the exports instead", MaxBytes)
			return nil
		}
		if f := r.parse(e.Name(), src, true); f != nil {
			files = append(files, f)
		}
	}
	if len(r.found) == 0 && len(files) == 0 {
		r.file(".", "no Go files; write one file of package code")
	}
	return files
}

// source reports whether both the compiler and the interpreter take a file of
// that name for a part of the package.
func source(name string) bool {
	if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
		return false
	}
	ctx := build.Default
	ctx.OpenFile = func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("package p\n")), nil
	}
	ok, err := ctx.MatchFile("", name)
	return ok && err == nil
}

// read returns at most one byte more than a script may have.
func (r *report) read(fsys fs.FS, name string) ([]byte, bool) {
	if !r.mode(fsys, name) {
		return nil, false
	}
	f, err := fsys.Open(name)
	if err != nil {
		r.file(name, "%v", err)
		return nil, false
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		r.file(name, "%v", err)
	}
	return src, err == nil
}

// mode reports whether the file or folder is one to read.
func (r *report) mode(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		r.file(name, "%v", err)
	case access.CheckWrite(info) != nil:
		r.file(name, "%v", access.CheckWrite(info))
	case name != "." && !info.Mode().IsRegular():
		r.file(name, "not a regular file")
	default:
		return true
	}
	return false
}

// file reports something about a file as a whole.
func (r *report) file(name, format string, args ...any) {
	f := r.fset.AddFile(name, -1, 1)
	r.add(f.Pos(0), format, args...)
}

// parse returns the file's syntax tree, or nil. A file that is compiled too
// has to mean the same then.
func (r *report) parse(name string, src []byte, compiled bool) *ast.File {
	f, err := parser.ParseFile(r.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err == nil {
		if !r.constraints(f, compiled) && compiled {
			r.add(f.Package, "the compiler would give this file newer loop variables than the interpreter; begin it with the line //go:build go1.21")
		}
		f.GoVersion = "" // the interpreter knows one language only
		return f
	}
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		r.file(name, "%v", err)
	}
	for _, e := range list {
		r.found = append(r.found, Finding{e.Pos, e.Msg})
	}
	return nil
}

// constraints refuses build constraints, of which the interpreter reads other
// ones than the compiler. A file that nobody compiles may tell the compiler so.
// It reports whether the line is there that makes the compiler share loop
// variables as the interpreter does.
func (r *report) constraints(f *ast.File, compiled bool) bool {
	found := false
	for _, group := range f.Comments {
		if group.Pos() > f.Package {
			break
		}
		for _, c := range group.List {
			switch {
			case c.Text == "//go:build go1.21":
				found = true
			case c.Text == "//go:build ignore" && !compiled:
			case constraint.IsGoBuild(c.Text):
				r.add(c.Pos(), "build constraint; the only one allowed is //go:build go1.21")
			}
		}
		for line := range strings.Lines(group.Text()) {
			if strings.HasPrefix(line, "+build ") || strings.HasPrefix(line, "yaegi:tags ") {
				r.add(group.Pos(), "build constraint; the only one allowed is //go:build go1.21")
			}
		}
	}
	return found
}
