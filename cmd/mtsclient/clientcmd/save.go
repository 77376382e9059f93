package clientcmd

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// partSuffix ends the name of an unfinished file: ".NAME.part".
const partSuffix = ".part"

var (
	errExists = errors.New("is there already; --force overwrites it")
	errPart   = errors.New("unfinished file is not ours to write to")
	errBusy   = errors.New("another mtsclient is saving it")
)

// A folder is where files are saved. No link leads out of it.
type folder struct {
	root  *os.Root
	force bool // overwrite
	sums  bool // compute the SHA-256 of what is saved
}

// free returns errExists if name is taken, be it by a link to nowhere.
func (d *folder) free(name string) error {
	if d.force {
		return nil
	}
	if _, err := d.root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return errExists
	}
	return nil
}

// A part is a file that isn't whole yet. Nobody else writes to it while it is
// open.
type part struct {
	folder *folder
	file   *os.File
	name   string // of the file once it is whole
	temp   string
	size   int64
	sum    hash.Hash // of what was written; nil if nobody wants it
	err    error     // the first of writing
}

// create opens the unfinished file of name, empty.
func (d *folder) create(name string) (*part, error) {
	dir, base := path.Split(name)
	p := &part{folder: d, name: name, temp: dir + "." + base + partSuffix}
	if d.sums {
		p.sum = sha256.New()
	}
	var err error
	p.file, err = d.root.OpenFile(p.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		p.file, err = d.reopen(p.temp)
	}
	if err != nil {
		return nil, err
	}
	if err := p.begin(); err != nil {
		p.file.Close()
		return nil, err
	}
	return p, nil
}

// reopen opens an unfinished file that was left behind, unless it is a link,
// has another name too or isn't a file at all.
func (d *folder) reopen(temp string) (*os.File, error) {
	before, err := d.root.Lstat(temp)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() || !sole(before) {
		return nil, fmt.Errorf("%s: %w", temp, errPart)
	}
	f, err := d.root.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if after, err := f.Stat(); err != nil || !os.SameFile(before, after) || !sole(after) {
		f.Close()
		return nil, fmt.Errorf("%s: %w", temp, errPart)
	}
	return f, nil
}

// begin locks the file and empties it. Whoever held the lock before may have
// renamed the file to its target meanwhile: then it isn't ours.
func (p *part) begin() error {
	if err := lock(p.file); err != nil {
		return fmt.Errorf("%w: %w", errBusy, err)
	}
	ours, err := p.file.Stat()
	if err != nil {
		return err
	}
	there, err := p.folder.root.Lstat(p.temp)
	if err != nil || !os.SameFile(ours, there) {
		return errBusy
	}
	return p.reset()
}

// reset empties the file.
func (p *part) reset() error {
	p.size = 0
	if p.sum != nil {
		p.sum.Reset()
	}
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	_, err := p.file.Seek(0, io.SeekStart)
	return err
}

// Write appends to the file.
func (p *part) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.size += int64(n)
	if p.sum != nil {
		p.sum.Write(b[:n])
	}
	if err != nil {
		p.err = err
	}
	return n, err
}

// digest returns the SHA-256 of the file in hexadecimal, "" if nobody wants it.
func (p *part) digest() string {
	if p.sum == nil {
		return ""
	}
	return hex.EncodeToString(p.sum.Sum(nil))
}

// commit gives the file its name, once all of it is on disk: so that no crash
// leaves a part of it under that name.
func (p *part) commit(modified time.Time) error {
	if !modified.IsZero() {
		if err := p.folder.root.Chtimes(p.temp, time.Time{}, modified); err != nil {
			return err
		}
	}
	if err := p.file.Sync(); err != nil {
		return err
	}
	if err := p.folder.free(p.name); err != nil {
		return err
	}
	if err := p.folder.root.Rename(p.temp, p.name); err != nil {
		return err
	}
	return p.file.Close()
}

// discard removes the file.
func (p *part) discard() {
	p.folder.root.Remove(p.temp)
	p.file.Close()
}
