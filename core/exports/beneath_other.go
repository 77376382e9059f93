//go:build !linux

package exports

import (
	"io/fs"
	"os"
	"path"
)

// A beneath opens files in a faster way, which this platform doesn't have.
type beneath struct{}

func newBeneath(*os.Root) beneath { return beneath{} }

func (beneath) open(string) (fs.File, error) { return nil, errUnavailable }

func (beneath) stat(string) (fs.FileInfo, error) { return nil, errUnavailable }

func (beneath) openDir(string) (*os.File, error) { return nil, errUnavailable }

func (beneath) close() {}

// lstat describes an entry of a folder. It doesn't follow a link.
func lstat(_ *os.File, r *os.Root, folder, entry string) (fs.FileInfo, error) {
	return r.Lstat(path.Join(folder, entry))
}
