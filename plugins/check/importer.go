package check

import (
	"fmt"
	"go/types"
	"path"
	"reflect"
	"sync"

	"github.com/traefik/yaegi/interp"

	"mts/plugins/lower"
	"mts/plugins/lower/library"
)

// An importer makes type-checker packages of symbol tables, on demand. They
// stay valid for later checks.
type importer struct {
	mu     sync.Mutex
	tables map[string][]table // by import path
	loaded map[string]*types.Package
	types  *reflected
	units  map[*types.Package]*lower.Unit // of the library
}

// A table holds symbols of a package of that name.
type table struct {
	name    string
	symbols map[string]reflect.Value
}

func newImporter(exports interp.Exports) *importer {
	im := &importer{
		tables: map[string][]table{},
		loaded: map[string]*types.Package{},
		units:  map[*types.Package]*lower.Unit{},
	}
	im.types = newReflected(im)
	for key, symbols := range exports {
		if key != "." {
			p := path.Dir(key)
			im.tables[p] = append(im.tables[p], table{path.Base(key), symbols})
		}
	}
	return im
}

// Import returns the package that scripts get for the path p.
func (im *importer) Import(p string) (*types.Package, error) {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.load(p)
}

func (im *importer) load(p string) (*types.Package, error) {
	if pkg := im.loaded[p]; pkg != nil {
		return pkg, nil
	}
	if src := library.Source(p); src != nil {
		return im.unit(p, src)
	}
	tables := im.tables[p]
	if len(tables) == 0 {
		return nil, fmt.Errorf("%s", refusal(p))
	}
	pkg := im.types.pkg(p)
	pkg.SetName(tables[0].name)
	for _, t := range tables {
		for name, v := range t.symbols {
			if name[0] != '_' && pkg.Scope().Lookup(name) == nil {
				pkg.Scope().Insert(im.types.object(pkg, name, v))
			}
		}
	}
	pkg.MarkComplete()
	im.loaded[p] = pkg
	return pkg, nil
}
