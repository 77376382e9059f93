// Package tar sends a folder as one stream, which tar(1) unpacks.
//
//	TAR DIR
//
// sends the folder and what is below it, with the rights of the account. Names
// in the archive are relative to the folder:
//
//	mtsclient -q -x 'TAR pub/photos' | tar -xC photos
//
// Unlike a zip archive, the stream can be unpacked while it arrives, keeps empty
// folders, and has no table at its end. Nothing is compressed, because that would
// use up the time that a call may compute.
//
// Up to 10000 files and folders are sent, down to the 32nd level; a folder that
// holds more is refused (range) before anything is sent. Other roots (c:) are left
// out of TAR /. A file that can't be opened is left out; one that becomes shorter
// while it is sent ends the stream with the code changed. The success line and
// the facts entries=, bytes= and skipped= sum up. It has no settings.
package tar

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"strings"

	"mts/core"
)

const (
	maxEntries = 10000
	maxDepth   = 32

	fileMode   = 0o644
	folderMode = 0o755
)

var errLarge = core.Errorf(core.CodeRange, "The folder has more than %d entries or %d levels.", maxEntries, maxDepth)

// Commands returns TAR.
func Commands() []core.Command {
	return []core.Command{{Verb: "TAR", Args: "DIR", Help: "sends a folder as a tar archive", Run: run}}
}

// An entry is a file or folder. Its name is relative to the folder that is sent.
type entry struct {
	core.Info
	name string
}

func run(c *core.Call) (err error) {
	root := strings.TrimRight(c.Arg(), `/\`)
	var entries []entry
	for e, err := range walk(c, root, "", 1) {
		if err != nil {
			return err
		}
		if entries = append(entries, e); len(entries) > maxEntries {
			return errLarge
		}
	}
	a := &archive{Writer: tar.NewWriter(c), call: c, root: root}
	for _, e := range entries {
		if err := a.add(e); err != nil {
			return fmt.Errorf("send %s: %w", e.name, err)
		}
	}
	if err := a.Close(); err != nil {
		return err
	}
	c.Fact("entries", fmt.Sprint(a.entries))
	c.Fact("bytes", fmt.Sprint(a.bytes))
	c.Fact("skipped", fmt.Sprint(a.skipped))
	c.Reply("Entries: %d, bytes: %d. Could not be opened: %d.", a.entries, a.bytes, a.skipped)
	return nil
}

// walk goes through the folder and those below it, each before what it holds. A
// folder below that can't be read looks empty.
func walk(c *core.Call, root, folder string, depth int) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		infos, err := c.List(path.Join(root, folder))
		if depth > maxDepth {
			err = errLarge
		} else if depth > 1 && errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(entry{}, err)
			return
		}
		for _, info := range infos {
			if strings.HasSuffix(info.Name, ":") { // another root
				continue
			}
			e := entry{info, path.Join(folder, info.Name)}
			if !yield(e, nil) {
				return
			}
			if !e.Dir {
				continue
			}
			for below, err := range walk(c, root, e.name, depth+1) {
				if !yield(below, err) {
					return
				}
			}
		}
	}
}

// An archive is what is sent.
type archive struct {
	*tar.Writer
	call             *core.Call
	root             string
	entries, skipped int
	bytes            int64
}

func (a *archive) add(e entry) error {
	header := &tar.Header{Name: e.name, Mode: fileMode, Size: e.Size, ModTime: e.Modified}
	if e.Dir {
		header.Name, header.Mode, header.Size, header.Typeflag = e.name+"/", folderMode, 0, tar.TypeDir
		a.entries++
		return a.WriteHeader(header)
	}
	f, err := a.call.Open(a.root + "/" + e.name)
	if errors.Is(err, fs.ErrNotExist) {
		a.skipped++
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := a.WriteHeader(header); err != nil {
		return err
	}
	n, err := io.CopyN(a, f, e.Size) // no more of a file that has grown
	a.entries++
	a.bytes += n
	if errors.Is(err, io.EOF) {
		return core.Errorf(core.CodeChanged, "%s has become shorter.", e.name)
	}
	return err
}
