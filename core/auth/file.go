package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"mts/core/atomicfile"
)

// Errors of [File.Set] and [File.Delete].
var (
	ErrExists    = errors.New("account exists")
	ErrNoAccount = errors.New("no such account")
)

// A File is a users file being edited. It keeps comments and order.
// It is not safe for concurrent use, nor are two Files of one path.
type File struct {
	path  string
	lines []line
}

// Load reads the users file at path. A missing one is empty: Save makes it.
func Load(path string) (*File, error) {
	lines, err := readFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &File{path, lines}, nil
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
// the account at the end if there is none. With mustBeNew it returns ErrExists
// if there is one.
func (f *File) Set(name, hash string, mustBeNew bool) error {
	l, err := newAccount(name, hash)
	if err != nil {
		return err
	}
	i := f.index(name)
	switch {
	case i < 0:
		f.lines = append(f.lines, l)
	case mustBeNew:
		return fmt.Errorf("%w: %q", ErrExists, name)
	default:
		f.lines[i] = l
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

// Save replaces the file on disk, with mode 0600.
func (f *File) Save() error {
	var b bytes.Buffer
	for _, l := range f.lines {
		if l.name != "" {
			b.WriteString(l.name + ":")
		}
		b.WriteString(l.text + "\n")
	}
	return atomicfile.Write(f.path, 0o600, b.Bytes())
}
