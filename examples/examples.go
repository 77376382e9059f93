// Package examples carries the files that `mtsd demo` serves, so that the demo
// runs wherever the binary is.
package examples

import (
	"embed"
	"io/fs"
)

//go:embed all:files
var tree embed.FS

// Files returns the demo's files: text, an empty file, a picture, names with
// spaces, nested folders.
func Files() fs.FS {
	files, err := fs.Sub(tree, "files")
	if err != nil {
		panic(err) // the name is a constant
	}
	return files
}
