package clientcmd

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
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

// maxName is the longest name, in bytes, on most file systems.
const maxName = 255

// partName returns the name of the unfinished file of name.
func partName(name string) string { return "." + name + ".part" }

// tempNames returns the names of the unfinished file of name and of its note. They
// can't be the names of another file: checkName refuses names of parts.
func tempNames(name string) (part, note string) {
	if over := len(partName(partName(name))) - maxName; over > 0 {
		sum := sha256.Sum256([]byte(name))
		mark := "-" + hex.EncodeToString(sum[:8])
		name = strings.ToValidUTF8(name[:len(name)-over-len(mark)], "") + mark
	}
	return partName(name), partName(partName(name))
}

// checkpoint is the number of bytes after which the note is updated.
const checkpoint = 16 << 20

var (
	errPart    = errors.New("the unfinished file can't be used: it is a link, or no file; remove it")
	errForeign = errors.New("the unfinished file is another user's")
	errBusy    = errors.New("another mtsclient is saving it")
)

// A part is an unfinished file. It is locked while it is open.
type part struct {
	folder   *folder
	dir      *dir
	file     *os.File
	ours     fs.FileInfo // of file
	name     string      // of the finished file
	tempName string      // of the unfinished file
	noteName string      // of its note
	note     note

	size    int64
	noted   int64 // size at the last note
	notedAt time.Time
	syncing atomic.Bool
	syncs   sync.WaitGroup
}

// create opens the unfinished file of name; remote is its path on the server. If
// resume is set and the old content can be continued, it is kept. Otherwise the
// part is empty.
func (d *folder) create(name, remote string, resume bool) (*part, error) {
	var p *part
	err := d.retryOpen(func() error {
		in, err := d.acquire(name)
		if err != nil {
			return err
		}
		p = &part{folder: d, dir: in, name: path.Base(name), note: note{Path: remote}}
		p.tempName, p.noteName = tempNames(p.name)
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

// close closes the file and releases its folder.
func (p *part) close() error {
	defer p.folder.count(-1)
	return p.release()
}

func (p *part) release() error {
	defer p.folder.release(p.dir)
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

// truncate shortens the file to size. At 0 it also forgets the file's version.
func (p *part) truncate(size int64) error {
	if size == 0 {
		p.dir.root.Remove(p.noteName)
		p.note = note{Path: p.note.Path}
	}
	p.size, p.noted = size, size
	if err := p.file.Truncate(size); err != nil {
		return err
	}
	_, err := p.file.Seek(size, io.SeekStart)
	return err
}

// Write appends to the file. Every 16 MiB, and at least once a second, it notes in
// the background how much is on disk.
func (p *part) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.size += int64(n)
	if p.note.ETag != "" && (p.size-p.noted >= checkpoint || time.Since(p.notedAt) >= time.Second) && p.syncing.CompareAndSwap(false, true) {
		p.noted, p.notedAt = p.size, time.Now()
		reached := p.note
		reached.Synced = p.size
		p.syncs.Go(func() {
			defer p.syncing.Store(false)
			if p.folder.without("sync files", p.file.Sync()) == nil {
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

func (p *part) hash() (string, error) {
	sum := sha256.New()
	_, err := io.Copy(sum, io.NewSectionReader(p.file, 0, p.size))
	return hex.EncodeToString(sum.Sum(nil)), err
}

func (p *part) setVersion(info core.Info) error {
	if info.ETag == "" {
		return nil
	}
	p.note.ETag, p.note.Size, p.note.Modified = info.ETag, info.Size, info.Modified
	if err := p.writeNote(p.note); !tooMany(err) { // without the note, Write tries it again
		return err
	}
	return nil
}

// commit syncs the file and then gives it its final name, so that no crash leaves
// an incomplete file under that name.
func (p *part) commit(modified time.Time) error {
	p.syncs.Wait()
	if !modified.IsZero() {
		if err := p.folder.without("set times", setTime(p.dir.root, p.tempName, modified)); err != nil {
			return err
		}
	}
	if err := p.folder.without("sync files", p.folder.disk.sync(p.file)); err != nil {
		return err
	}
	p.dir.mu.Lock()
	defer p.dir.mu.Unlock()
	if err := p.rename(); err != nil {
		return err
	}
	p.folder.markUsed(p.dir)
	return nil
}

// rename gives the file its final name. The name may have been taken since create,
// and another user may have replaced the file.
func (p *part) rename() error {
	root := p.dir.root
	there, err := p.folder.checkFree(root, p.name)
	switch {
	case err != nil:
		return err
	case there != nil && p.folder.isClaimed(there):
		return errTwice
	case there != nil && !p.folder.replace:
		return errExists
	}
	if now, err := root.Lstat(p.tempName); err != nil || !os.SameFile(p.ours, now) {
		return errBusy
	}
	if p.note.ETag != "" {
		root.Remove(p.noteName)
	}
	return root.Rename(p.tempName, p.name)
}

// giveUp keeps a part that a later run can continue, and discards other ones.
func (p *part) giveUp() {
	p.syncs.Wait()
	if p.note.ETag != "" && p.size > 0 && p.folder.without("sync files", p.file.Sync()) == nil {
		p.note.Synced = p.size
		if p.writeNote(p.note) == nil {
			return
		}
	}
	p.discard()
}

// discard removes the file and its note.
func (p *part) discard() {
	p.syncs.Wait()
	p.dir.mu.Lock()
	defer p.dir.mu.Unlock()
	p.dir.root.Remove(p.noteName)
	p.dir.root.Remove(p.tempName)
	p.folder.unclaim(p.ours)
}
