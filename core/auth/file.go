package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"mts/core/atomicfile"
)

// ErrNoAccount is an error of [File.Delete].
var ErrNoAccount = errors.New("no such account")

// A File is a users file being edited. It keeps comments and order.
// It is not safe for concurrent use.
type File struct {
	path  string
	lines []line
}

// Load reads the users file at path. A missing one is empty.
func Load(path string) (*File, error) {
	lines, err := readFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &File{path, lines}, nil
}

// Edit loads the users file at path, as Load does, has change work on it, and
// saves it with mode 0600 if that returns nil. On Unix, edits of files of one
// folder wait for each other.
func Edit(path string, change func(*File) error) error {
	unlock, err := atomicfile.Lock(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("lock users file: %w", err)
	}
	defer unlock()
	f, err := Load(path)
	if err != nil {
		return err
	}
	if err := change(f); err != nil {
		return err
	}
	return f.save()
}

// Names returns the accounts' names in the file's order.
func (f *File) Names() []string {
	var names []string
	for _, l := range f.lines {
		if l.name != "" {
			names = append(names, l.name)
		}
	}
	return names
}

// Set gives the account name a hash, of [HashPassword] or [NewToken], and adds
// the account at the end if there is none.
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
		return fmt.Errorf("%w: %q", ErrNoAccount, name)
	}
	f.lines = slices.Delete(f.lines, i, i+1)
	return nil
}

// index returns the place of the account name, or -1.
func (f *File) index(name string) int {
	if name == "" {
		return -1 // the name of comments
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
