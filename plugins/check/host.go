package check

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"

	"mts/plugins/lower"
	"mts/plugins/lower/library"
)

// A host is what one script gets of the importer's packages: variables are
// copies of its own.
type host struct {
	*importer
	copies map[any]reflect.Value // of what pointers lead to
}

// Type returns the host's type that t stands for, or nil.
func (h host) Type(t *types.Named) reflect.Type {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.types.behind[t]
}

// Library returns the unit of a package that is lowered with a script, or nil.
func (h host) Library(pkg *types.Package) *lower.Unit {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.units[pkg]
}

// Symbol returns the host's function or variable that obj stands for.
func (h host) Symbol(obj types.Object) reflect.Value {
	for _, t := range h.tables[obj.Pkg().Path()] {
		if v, ok := t.symbols[obj.Name()]; ok {
			if v.CanAddr() {
				own := reflect.New(v.Type()).Elem()
				own.Set(h.copied(v))
				return own
			}
			return v
		}
	}
	return reflect.Value{}
}

// copied returns a value through which a script can't change anything of the
// host's: maps, slices and what pointers point to are copies.
func (h host) copied(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		c := reflect.MakeMapWithSize(v.Type(), v.Len())
		for it := v.MapRange(); it.Next(); {
			c.SetMapIndex(it.Key(), h.copied(it.Value()))
		}
		return c
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		if c, ok := h.copies[v.Interface()]; ok {
			return c
		}
		c := reflect.New(v.Type().Elem())
		h.copies[v.Interface()] = c
		c.Elem().Set(h.copied(v.Elem()))
		return c
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			c.Index(i).Set(h.copied(v.Index(i)))
		}
		return c
	case reflect.Struct:
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				c.Field(i).Set(h.copied(v.Field(i)))
			}
		}
		return c
	}
	return v
}

// libraryBase is beyond the positions of any script.
const libraryBase = 1 << 40

// unit returns the package of the library with that path, and has it lowered
// with the scripts that import it.
func (im *importer) unit(p string, src []byte) (*types.Package, error) {
	fset := token.NewFileSet()
	fset.AddFile("", libraryBase+len(im.units)<<24, 0)
	f, err := parser.ParseFile(fset, p+".go", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("package %s: %w", p, err)
	}
	u := &lower.Unit{Files: []*ast.File{f}, Info: lower.NewInfo()}
	conf := types.Config{GoVersion: language(), Importer: inner{im}}
	if u.Pkg, err = conf.Check(p, fset, u.Files, u.Info); err != nil {
		return nil, err
	}
	im.units[u.Pkg] = u
	im.loaded[p] = u.Pkg
	return u.Pkg, nil
}

// inner is the importer while it imports a package.
type inner struct{ im *importer }

func (i inner) Import(p string) (*types.Package, error) { return i.im.load(p) }

// available reports whether scripts may import p.
func (im *importer) available(p string) bool {
	return len(im.tables[p]) > 0 || library.Source(p) != nil
}
