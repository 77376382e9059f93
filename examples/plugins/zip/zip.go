// Package zip sends a folder as a zip archive.
//
//	ZIP DIR
//
// sends all files of the folder and those below it, with the rights of the
// account. Their names in the archive are relative to the folder:
//
//	mtsclient -x 'ZIP pub/photos' > photos.zip
//
// The archive is sent while it is made; the server keeps nothing of it. Its files are stored
// as they are: compressing would use up the time that a call may compute. In
// block mode a client knows where the archive ends; in stream mode the status
// line follows it without a line break, which unzip tools ignore.
//
// Up to 10000 files and folders and 500 MB are sent, down to the 32nd level; a
// folder that holds more is refused (range) before anything is sent. Folders
// without files are left out, and so are the other roots (c:) from ZIP /. The
// success line and the facts files= and skipped= tell how many files were sent,
// and how many files and folders could not be opened. It has no settings.
package zip

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"mts/core"
)

const (
	maxEntries = 10000
	maxBytes   = 500 * 1000 * 1000
	maxDepth   = 32
)

// Commands returns ZIP.
func Commands() []core.Command {
	return []core.Command{{Verb: "ZIP", Args: "DIR", Help: "sends a folder as a zip archive", Run: run}}
}

func run(c *core.Call) error {
	p := &plan{call: c, root: strings.TrimRight(c.Arg(), `/\`)}
	if err := p.folder("", 1); err != nil {
		return err
	}
	return p.send()
}

// A plan is what goes into the archive.
type plan struct {
	call    *core.Call
	root    string
	files   []entry
	entries int // files and folders
	bytes   int64
	sent    int
	skipped int
}

type entry struct {
	core.Info
	name string // relative to the root
}

var errLarge = core.Errorf(core.CodeRange, "The folder has more than %d entries, %d bytes or %d levels.", maxEntries, maxBytes, maxDepth)

// folder plans the folder: "", the root, or one whose name ends in a slash.
func (p *plan) folder(name string, depth int) error {
	if depth > maxDepth {
		return errLarge
	}
	infos, err := p.call.List(strings.TrimRight(p.root+"/"+name, "/"))
	if err != nil && name != "" {
		return p.skip(err)
	}
	if err != nil {
		return err
	}
	for _, info := range infos {
		if err := p.add(name+info.Name, info, depth); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) add(name string, info core.Info, depth int) error {
	if strings.HasSuffix(name, ":") { // another root
		return nil
	}
	p.entries++
	p.bytes += info.Size
	if p.entries > maxEntries || p.bytes > maxBytes {
		return errLarge
	}
	if info.Dir {
		return p.folder(name+"/", depth+1)
	}
	p.files = append(p.files, entry{info, name})
	return nil
}

func (p *plan) send() error {
	w := zip.NewWriter(p.call)
	for _, e := range p.files {
		if err := p.file(w, e); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	p.call.Fact("files", fmt.Sprint(p.sent))
	p.call.Fact("skipped", fmt.Sprint(p.skipped))
	p.call.Reply("Files: %d. Could not be opened: %d.", p.sent, p.skipped)
	return nil
}

// file sends one file, and no more than was planned of one that has grown.
func (p *plan) file(w *zip.Writer, e entry) error {
	f, err := p.call.Open(p.root + "/" + e.name)
	if err != nil {
		return p.skip(err)
	}
	defer f.Close()
	body, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Modified: e.Modified})
	if err != nil {
		return err
	}
	p.sent++
	_, err = io.Copy(body, io.LimitReader(f, e.Size))
	return err
}

// skip counts an entry that is gone, or that this account may not read.
func (p *plan) skip(err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	p.skipped++
	return nil
}
