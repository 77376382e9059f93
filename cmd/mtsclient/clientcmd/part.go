package clientcmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"mts/core"
)

// The ends of the names beside ".NAME": of the unfinished file, and of the
// note about it.
const (
	partSuffix = ".part"
	noteSuffix = ".part.note"
)

// checkpoint is after how many bytes the note is brought up to date.
const checkpoint = 16 << 20

var (
	errPart = errors.New("unfinished file is not ours to write to")
	errBusy = errors.New("another mtsclient is saving it")
)

// A part is a file that isn't whole yet. Nobody else writes to it while it is
// open.
type part struct {
	folder *folder
	dir    *dir
	file   *os.File
	name   string // of the file once it is whole
	temp   string // what its names begin with until then
	note   note

	size    int64
	noted   int64 // size at the last note
	at      time.Time
	syncing atomic.Bool
	syncs   sync.WaitGroup
}

// A note says of which version of which file an unfinished one is a part, and
// how much of it no crash can take away.
type note struct {
	Path   string `json:"path"`
	ETag   string `json:"etag"`
	Size   int64  `json:"size"`
	Synced int64  `json:"synced"`
}

// create opens the unfinished file of name, which is path on the server: as it
// was left if resume is set and it can be gone on with, else empty.
func (d *folder) create(name, remote string, resume bool) (*part, error) {
	in, err := d.enter(name)
	if err != nil {
		return nil, err
	}
	base := path.Base(name)
	p := &part{folder: d, dir: in, name: base, temp: "." + base, note: note{Path: remote}}
	if err := p.open(resume); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// open opens the file and locks it. Whoever held the lock before may have
// renamed it to its target meanwhile: then it isn't ours.
func (p *part) open(resume bool) (err error) {
	p.dir.mu.Lock()
	defer p.dir.mu.Unlock()
	root, name := p.dir.root, p.temp+partSuffix
	p.file, err = root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	fresh := err == nil
	if errors.Is(err, fs.ErrExist) {
		p.file, err = reopen(root, name, os.O_RDWR)
	}
	if err != nil {
		return err
	}
	if err := lock(p.file); err != nil {
		return fmt.Errorf("%w: %w", errBusy, err)
	}
	ours, err := p.file.Stat()
	if err != nil {
		return err
	}
	if there, err := root.Lstat(name); err != nil || !os.SameFile(ours, there) {
		return errBusy
	}
	if fresh { // there is no note without a part
		return nil
	}
	if n, ok := p.readNote(); resume && ok && n.Path == p.note.Path && n.Synced <= ours.Size() {
		p.note = n
	}
	return p.truncate(p.note.Synced)
}

// close gives back what the part holds.
func (p *part) close() error {
	defer p.folder.leave(p.dir)
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

// reopen opens a file of ours that was left behind, unless it is a link, has
// another name too or isn't a file at all.
func reopen(root *os.Root, name string, flag int) (*os.File, error) {
	before, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() || !sole(before) {
		return nil, fmt.Errorf("%s: %w", name, errPart)
	}
	f, err := root.OpenFile(name, flag, 0)
	if err != nil {
		return nil, err
	}
	if after, err := f.Stat(); err != nil || !os.SameFile(before, after) || !sole(after) {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, errPart)
	}
	return f, nil
}

// truncate cuts the file off. At 0 it isn't a part of anything any more.
func (p *part) truncate(size int64) error {
	if size == 0 {
		p.dir.root.Remove(p.temp + noteSuffix)
		p.note = note{Path: p.note.Path}
	}
	p.size, p.noted = size, size
	if err := p.file.Truncate(size); err != nil {
		return err
	}
	_, err := p.file.Seek(size, io.SeekStart)
	return err
}

// info returns what is known of the file that this is a part of.
func (p *part) info() core.Info { return core.Info{Size: p.note.Size, ETag: p.note.ETag} }

// Write appends to the file. Now and then it makes a note of how far it got.
func (p *part) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.size += int64(n)
	if p.note.ETag != "" && (p.size-p.noted >= checkpoint || time.Since(p.at) >= time.Second) && p.syncing.CompareAndSwap(false, true) {
		p.noted, p.at = p.size, time.Now()
		reached := p.note
		reached.Synced = p.size
		p.syncs.Go(func() {
			defer p.syncing.Store(false)
			if p.file.Sync() == nil {
				p.writeNote(reached)
			}
		})
	}
	return n, err
}

func (p *part) restart() error {
	p.syncs.Wait()
	return p.truncate(0)
}

func (p *part) learn(info core.Info) error {
	if info.ETag == "" {
		return nil
	}
	p.note.ETag, p.note.Size = info.ETag, info.Size
	return p.writeNote(p.note)
}

// commit gives the file its name, once all of it is on disk: so that no crash
// leaves a part of it under that name.
func (p *part) commit(modified time.Time) error {
	p.syncs.Wait()
	root := p.dir.root
	if !modified.IsZero() {
		if err := root.Chtimes(p.temp+partSuffix, time.Time{}, modified); err != nil {
			return err
		}
	}
	if err := p.folder.disk.sync(p.file); err != nil {
		return err
	}
	p.dir.mu.Lock()
	defer p.dir.mu.Unlock()
	if err := p.folder.free(root, p.name); err != nil {
		return err
	}
	if p.note.ETag != "" {
		root.Remove(p.temp + noteSuffix)
	}
	if err := root.Rename(p.temp+partSuffix, p.name); err != nil {
		return err
	}
	p.folder.saved(p.dir)
	return nil
}

// giveUp leaves what can be gone on with another time, and removes what can't.
func (p *part) giveUp() {
	p.syncs.Wait()
	if p.note.ETag != "" && p.size > 0 && p.file.Sync() == nil {
		p.note.Synced = p.size
		if p.writeNote(p.note) == nil {
			return
		}
	}
	p.discard()
}

// discard removes the file.
func (p *part) discard() {
	p.syncs.Wait()
	p.dir.mu.Lock()
	defer p.dir.mu.Unlock()
	p.dir.root.Remove(p.temp + noteSuffix)
	p.dir.root.Remove(p.temp + partSuffix)
}

// writeNote replaces the note. One that is cut off by a crash can't be read,
// and then the file is begun anew.
func (p *part) writeNote(n note) error {
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	root, name := p.dir.root, p.temp+noteSuffix
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// maxNote is the most bytes of a note that are read.
const maxNote = 64 << 10

func (p *part) readNote() (n note, ok bool) {
	f, err := reopen(p.dir.root, p.temp+noteSuffix, os.O_RDONLY)
	if err != nil {
		return n, false
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxNote))
	if err != nil || json.Unmarshal(data, &n) != nil {
		return note{}, false
	}
	return n, n.ETag != "" && n.Synced > 0 && n.Synced <= n.Size
}
