package clientcmd

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"mts/core"
)

// A note says which version of which file a part belongs to, and how much of it is
// safely on disk.
type note struct {
	Path     string    `json:"path"`
	ETag     string    `json:"etag"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	Synced   int64     `json:"synced"`
}

// info returns what a note says about the file on the server.
func (n note) info() core.Info { return core.Info{Size: n.Size, ETag: n.ETag, Modified: n.Modified} }

// writeNote replaces the note. If a crash cuts it off, it can't be read, and the
// file is fetched from its beginning.
func (p *part) writeNote(n note) error {
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	root, name := p.dir.root, p.noteName
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

// maxNote limits the bytes of a note that are read.
const maxNote = 64 << 10

func (p *part) readNote() (n note, err error) {
	f, err := reopen(p.dir.root, p.noteName, os.O_RDONLY)
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
