// Package library has the sources of the generic packages that scripts may
// import. Generic functions are no symbols of the host: these are lowered with
// the script that imports them, for the types that it uses.
//
// They do what the packages of the same name in the standard library do.
package library

import "embed"

//go:embed cmp/*.go iter/*.go maps/*.go slices/*.go
var sources embed.FS

// Source returns the source of the package with that import path, or nil if
// it is none of the library's.
func Source(path string) []byte {
	src, err := sources.ReadFile(path + "/" + path + ".go")
	if err != nil {
		return nil
	}
	return src
}
