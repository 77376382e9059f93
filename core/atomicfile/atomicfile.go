// Package atomicfile replaces whole files. A reader sees the old content or the
// new one, never a part. The same holds after a crash.
package atomicfile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write replaces the file at path, or creates it. The file gets the content data
// and the permissions perm, whatever the umask is, and keeps its owner. The new
// content is on disk before the old one is removed. On an error the old file
// stays, and no temporary file is left. What the file system can't do, except
// writing, is no error; see OnLack.
func Write(path string, perm fs.FileMode, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	if err := lacks.Without(path, "set permissions", f.Chmod(perm)); err != nil {
		return err
	}
	if err := lacks.Without(path, "set owners", keepOwner(f, path)); err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := lacks.Without(path, "sync files", f.Sync()); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	SyncDir(filepath.Dir(path))
	return nil
}

// SyncDir makes the renames in dir survive a power cut, if the system can sync a
// directory. It has no error: without the sync, nothing more can be done.
func SyncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	defer d.Close()
	_ = d.Sync()
}
