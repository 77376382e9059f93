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
	"regexp"
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
		r.constraints(f, compiled)
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

var goVersion = regexp.MustCompile(`^//go:build go1\.[0-9]+$`)

// constraints refuses build constraints, but for the version of the language,
// because what they say isn't known here. A file that nobody compiles may tell
// the compiler so.
func (r *report) constraints(f *ast.File, compiled bool) {
	const refused = "build constraint; leave it out"
	for _, group := range f.Comments {
		if group.Pos() > f.Package {
			break
		}
		for _, c := range group.List {
			switch {
			case goVersion.MatchString(c.Text):
			case c.Text == "//go:build ignore" && !compiled:
			case constraint.IsGoBuild(c.Text):
				r.add(c.Pos(), refused)
			}
		}
		for line := range strings.Lines(group.Text()) {
			if strings.HasPrefix(line, "+build ") {
				r.add(group.Pos(), refused)
			}
		}
	}
}
