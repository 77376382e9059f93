// Package symbols is the allow-list of packages that scripts may import, as
// symbol tables for the interpreter. The tables are generated for the Go
// version in use; see internal/gen for what each package holds back.
//
// A script finds no operating system, network, reflection, runtime, goroutine
// helper or timer in them. In particular:
//
//   - fmt has no Print and no Scan, because the standard streams aren't a
//     script's own. Whoever has a stream to lend adds a table with those names
//     bound to it.
//   - time has no Sleep and no timers: host code that waits can't be stopped
//     with its call.
//   - text/template has no ParseFiles and its like.
package symbols

import (
	"io"
	"reflect"

	"github.com/traefik/yaegi/interp"
)

// Exports returns the symbol tables, ready for an interpreter's Use and for
// the check. Every call returns tables of its own, with variables of their
// own, so that a script's assignment to io.EOF changes nothing elsewhere. What
// a variable points to is shared.
func Exports() interp.Exports {
	e := interp.Exports(tables())
	// A table called "fmt/fmt" makes Use compile generic sources that the
	// check doesn't allow; under this key it is the same package.
	e["fmt//fmt"] = e["fmt/fmt"]
	delete(e, "fmt/fmt")
	e["."] = map[string]reflect.Value{"MapTypes": reflect.ValueOf(wrappers())}
	return e
}

// variable returns a variable of its own with the value v.
func variable[T any](v T) reflect.Value { return reflect.ValueOf(&v).Elem() }

// noProgress makes an error of an empty read: a script's Read that was stopped
// returns zero values, and io.Copy would call it for ever.
func noProgress(n int, err error) (int, error) {
	if n == 0 && err == nil {
		err = io.ErrNoProgress
	}
	return n, err
}
