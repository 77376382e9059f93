package exports

import (
	"io/fs"
	"path"
	"syscall"
	"testing"
	"testing/fstest"
)

// ill is a file system that can't look at one file.
type ill struct {
	fstest.MapFS
	name string
	err  error
}

func (f ill) Stat(name string) (fs.FileInfo, error) {
	if path.Base(name) == f.name {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: f.err}
	}
	return f.MapFS.Stat(name)
}

// An entry that can't be looked at costs itself; one that is gone is left out.
func TestUnreadable(t *testing.T) {
	for err, listed := range map[error]bool{
		syscall.ENOTCONN: true, syscall.ESTALE: true, syscall.EIO: true, syscall.EACCES: true,
		syscall.ENOENT: false, syscall.ELOOP: false,
	} {
		tree := open(t, Export{Path: "/", FS: ill{fstest.MapFS{"a": {}, "bad": {}, "c": {}}, "bad", err}})
		want := []string{"a", "c"}
		if listed {
			want = []string{"a", "bad: stat bad: " + err.Error(), "c"}
		}
		wantList(t, tree, "/", want...)
	}
}
