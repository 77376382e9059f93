package clientcmd

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mts/core"
)

// maxName is the most bytes of a name, on most file systems.
const maxName = 255

// partName returns the name of the unfinished file of name.
func partName(name string) string { return "." + name + ".part" }

// tempNames returns the names of the unfinished file of name and of the note
// about it. No file to save has a note's name for its part's: checkName refuses
// names of parts.
func tempNames(name string) (part, note string) {
	if over := len(partName(partName(name))) - maxName; over > 0 {
		sum := sha256.Sum256([]byte(name))
		mark := "-" + hex.EncodeToString(sum[:8])
		name = strings.ToValidUTF8(name[:len(name)-over-len(mark)], "") + mark
	}
	return partName(name), partName(partName(name))
}

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
	temp   string // its name until then
	beside string // the name of its note
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
	var p *part
	err := d.persist(func() error {
		in, err := d.enter(name)
		if err != nil {
			return err
		}
		p = &part{folder: d, dir: in, name: path.Base(name), note: note{Path: remote}}
		p.temp, p.beside = tempNames(p.name)
		if err = p.open(resume); err != nil {
			p.release()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	d.count(1)
	return p, nil
}

// open opens the file and locks it. Whoever held the lock before may have
// renamed it to its target meanwhile: then it isn't ours.
func (p *part) open(resume bool) (err error) {
	p.dir.mu.Lock()
	defer p.dir.mu.Unlock()
	root, name := p.dir.root, p.temp
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
	n, err := p.readNote()
	if tooMany(err) {
		return err
	}
	if resume && err == nil && n.Path == p.note.Path && n.Synced <= ours.Size() {
		p.note = n
	}
	return p.truncate(p.note.Synced)
}

// close gives back what the part holds.
func (p *part) close() error {
	defer p.folder.count(-1)
	return p.release()
}

func (p *part) release() error {
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
		p.dir.root.Remove(p.beside)
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
	if err := p.writeNote(p.note); !tooMany(err) { // else Write will do it
		return err
	}
	return nil
}

// commit gives the file its name, once all of it is on disk: so that no crash
// leaves a part of it under that name.
func (p *part) commit(modified time.Time) error {
	p.syncs.Wait()
	root := p.dir.root
	if !modified.IsZero() {
		if err := root.Chtimes(p.temp, time.Time{}, modified); err != nil {
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
		root.Remove(p.beside)
	}
	if err := root.Rename(p.temp, p.name); err != nil {
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
	p.dir.root.Remove(p.beside)
	p.dir.root.Remove(p.temp)
}

// writeNote replaces the note. One that is cut off by a crash can't be read,
// and then the file is begun anew.
func (p *part) writeNote(n note) error {
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	root, name := p.dir.root, p.beside
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

func (p *part) readNote() (n note, err error) {
	f, err := reopen(p.dir.root, p.beside, os.O_RDONLY)
	if err != nil {
		return note{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxNote))
	if err == nil {
		err = json.Unmarshal(data, &n)
	}
	if err == nil && (n.ETag == "" || n.Synced <= 0 || n.Synced > n.Size) {
		err = errPart
	}
	return n, err
}
