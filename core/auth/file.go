package auth

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"mts/core/access"
	"mts/core/atomicfile"
)

// ErrNoAccount is returned by [File.Delete] for an unknown name.
var ErrNoAccount = errors.New("no such account")

// A File is a users file that is being edited. It keeps the comments and the
// order of the lines.
// It is not safe for concurrent use.
type File struct {
	path  string
	lines []line
	isNew bool // there was none
}

// Load reads the users file at path. A missing file counts as empty.
func Load(path string) (*File, error) {
	lines, err := readFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &File{path, lines, err != nil}, nil
}

// Edit loads the users file at path as Load does, calls change, and saves the
// file with mode 0600 if change returns nil. If path is a link, the file that it
// leads to is edited, unless somebody else could have chosen that file. On Unix
// Edit locks the folder: a second edit there waits.
func Edit(path string, change func(*File) error) error {
	return EditThen(path, change, func() error { return nil })
}

// EditThen is Edit that calls then when the file is saved. If then returns an error,
// the file becomes what it was.
func EditThen(path string, change func(*File) error, then func() error) error {
	path, err := follow(path)
	if err != nil {
		return err
	}
	unlock, err := atomicfile.Lock(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("lock users file: %w", err)
	}
	defer unlock()
	f, err := Load(path)
	if err != nil {
		return err
	}
	before := slices.Clone(f.lines)
	if err := change(f); err != nil {
		return err
	}
	if err := f.save(); err != nil {
		return err
	}
	if err := then(); err != nil {
		f.lines = before
		return errors.Join(err, f.restore())
	}
	return nil
}

// restore saves the file, or removes it if there was none.
func (f *File) restore() error {
	if f.isNew {
		return os.Remove(f.path)
	}
	return f.save()
}

// follow returns the file that path leads to, which may be missing.
func follow(path string) (string, error) {
	target, err := os.Readlink(path)
	if err != nil { // no link
		return path, nil
	}
	if err := cmp.Or(access.CheckLink(path), access.CheckPath(path)); err != nil {
		return "", fmt.Errorf("users file %s: %w", path, err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(path), target)
	}
	return target, nil
}

// Names returns the names of the accounts in the order of the file.
func (f *File) Names() []string {
	var names []string
	for _, l := range f.lines {
		if l.name != "" {
			names = append(names, l.name)
		}
	}
	return names
}

// Set sets the hash of the account name to one of [HashPassword] or [NewToken].
// A new account is added at the end.
func (f *File) Set(name, hash string) error {
	l, err := newAccount(name, hash)
	if err != nil {
		return err
	}
	if i := f.index(name); i >= 0 {
		f.lines[i] = l
	} else {
		f.lines = append(f.lines, l)
	}
	return nil
}

// Delete removes the account name. It returns ErrNoAccount if there is none.
func (f *File) Delete(name string) error {
	i := f.index(name)
	if i < 0 {
		return fmt.Errorf("%w: %s", ErrNoAccount, name)
	}
	f.lines = slices.Delete(f.lines, i, i+1)
	return nil
}

// index returns the index of the account's line, or -1.
func (f *File) index(name string) int {
	if name == "" {
		return -1 // comments have no name
	}
	return slices.IndexFunc(f.lines, func(l line) bool { return l.name == name })
}

// save replaces the file on disk, with mode 0600.
func (f *File) save() error {
	var b bytes.Buffer
	for _, l := range f.lines {
		if l.name != "" {
			b.WriteString(l.name + ":")
		}
		b.WriteString(l.text + "\n")
	}
	return atomicfile.Write(f.path, 0o600, b.Bytes())
}
