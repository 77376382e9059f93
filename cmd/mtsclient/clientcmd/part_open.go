package clientcmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"mts/core/atomicfile"
)

// open opens the file and locks it. If another process held the lock before and has
// renamed the file to its final name, it returns errBusy.
func (p *part) open(resume bool) (err error) {
	p.dir.mu.Lock()
	defer p.dir.mu.Unlock()
	root, name := p.dir.root, p.tempName
	fresh, err := p.openFile()
	if err != nil {
		return err
	}
	if err := p.folder.without("lock files", lock(p.file)); err != nil {
		return fmt.Errorf("%w: %w", errBusy, err)
	}
	if p.ours, err = p.file.Stat(); err != nil {
		return err
	}
	if there, err := root.Lstat(name); err != nil || !os.SameFile(p.ours, there) {
		return errBusy
	}
	if !p.folder.claim(p.ours) {
		return errTwice
	}
	if fresh { // it has no note
		return nil
	}
	n, err := p.readNote()
	if tooMany(err) {
		return err
	}
	if resume && err == nil && n.Path == p.note.Path && n.Synced <= p.ours.Size() {
		p.note = n
	}
	return p.truncate(p.note.Synced)
}

// openFile makes the unfinished file, or opens the one that is there. A stale one
// of another user is replaced.
func (p *part) openFile() (fresh bool, err error) {
	root, name := p.dir.root, p.tempName
	create := func() { p.file, err = root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666) }
	if create(); !errors.Is(err, fs.ErrExist) {
		return err == nil, err
	}
	if p.file, err = reopen(root, name, os.O_RDWR); !errors.Is(err, errForeign) {
		return false, err
	}
	if err := p.removeForeign(); err != nil {
		return false, fmt.Errorf("%w: %w", errForeign, err)
	}
	create()
	return err == nil, err
}

// removeForeign removes the unfinished file of another user and its note, unless
// that user's mtsclient is running.
func (p *part) removeForeign() error {
	root := p.dir.root
	if f, err := root.Open(p.tempName); err == nil {
		defer f.Close()
		if err := lock(f); err != nil && !atomicfile.Unsupported(err) {
			return fmt.Errorf("%w: %w", errBusy, err)
		}
	}
	if err := root.Remove(p.tempName); err != nil {
		return err
	}
	if err := root.Remove(p.noteName); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// reopen opens a file that an earlier run has left. It refuses links, files with a
// second name, what isn't a regular file (errPart) and files of another user
// (errForeign).
func reopen(root *os.Root, name string, flag int) (*os.File, error) {
	before, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() || !singleName(before) {
		return nil, fmt.Errorf("%s: %w", name, errPart)
	}
	if !own(before) {
		return nil, fmt.Errorf("%s: %w", name, errForeign)
	}
	f, err := root.OpenFile(name, flag, 0)
	if err != nil {
		return nil, err
	}
	if after, err := f.Stat(); err != nil || !os.SameFile(before, after) || !singleName(after) {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, errPart)
	}
	return f, nil
}
