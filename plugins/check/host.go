package check

import (
	"go/types"
	"reflect"

	"mts/plugins/lower"
)

// Type returns the host's type that t stands for, or nil.
func (im *importer) Type(t *types.Named) reflect.Type {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.types.behind[t]
}

// Symbol returns the host's function or variable that obj stands for.
func (im *importer) Symbol(obj types.Object) reflect.Value {
	for _, t := range im.tables[obj.Pkg().Path()] {
		if v, ok := t.symbols[obj.Name()]; ok {
			return v
		}
	}
	return reflect.Value{}
}

// Library returns nil: all packages are the host's.
func (im *importer) Library(*types.Package) *lower.Unit { return nil }
