// Package tarlist lists what is in an archive of tar.
package tarlist

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"text/tabwriter"
	"time"

	"mts/core"
)

type visitor func(h *tar.Header) error

var errStop = errors.New("stop")

// Commands returns TARLIST and TARCAT.
func Commands() []core.Command {
	return []core.Command{
		{Verb: "TARLIST", Args: "PATH", Help: "lists an archive", Run: list},
		{Verb: "TARCAT", Args: "PATH NAME", Help: "sends a file of an archive", Run: cat},
	}
}

// open opens an archive, compressed or not.
func open(c *core.Call, name string) (*tar.Reader, io.Closer, error) {
	f, err := c.Open(name)
	if err != nil {
		return nil, nil, err
	}
	in := bufio.NewReader(f)
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(in)
		if err != nil {
			f.Close()
			return nil, nil, err
		}
		return tar.NewReader(z), f, nil
	}
	return tar.NewReader(in), f, nil
}

func walk(r *tar.Reader, visit visitor) error {
	for {
		switch h, err := r.Next(); err {
		case nil:
			if err := visit(h); err != nil {
				return err
			}
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

var letters = map[byte]rune{tar.TypeReg: '-', tar.TypeDir: 'd', tar.TypeSymlink: 'l', tar.TypeLink: 'h'}

func mode(h *tar.Header) string {
	m := []rune(fs.FileMode(h.Mode).Perm().String())
	m[0] = '?'
	if r, ok := letters[h.Typeflag]; ok {
		m[0] = r
	}
	return string(m)
}

func list(c *core.Call) error {
	r, closer, err := open(c, c.Arg())
	if err != nil {
		return err
	}
	defer closer.Close()
	w := tabwriter.NewWriter(c, 0, 0, 1, ' ', tabwriter.AlignRight|tabwriter.Debug)
	var (
		files, bytes int64
		newest       time.Time
	)
	err = walk(r, func(h *tar.Header) error {
		files++
		bytes += h.Size
		if h.ModTime.After(newest) {
			newest = h.ModTime
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t %s", mode(h), h.Size, h.ModTime.UTC().Format(time.DateTime), h.Name)
		if h.Linkname != "" {
			fmt.Fprint(w, " -> ", h.Linkname)
		}
		_, err := fmt.Fprintln(w)
		return err
	})
	if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
		return core.Errorf(core.CodeUsage, "%s is no archive: %v", c.Arg(), err)
	}
	if err := errors.Join(err, w.Flush()); err != nil {
		return err
	}
	c.Fact("newest", newest.UTC().Format(time.RFC3339))
	c.Reply("Entries: %d, bytes: %d.", files, bytes)
	return nil
}

func cat(c *core.Call) error {
	archive, name, ok := strings.Cut(c.Arg(), " ")
	if !ok {
		return core.ErrUsage
	}
	r, closer, err := open(c, archive)
	if err != nil {
		return err
	}
	defer closer.Close()
	found := walk(r, func(h *tar.Header) error {
		if h.Name != name || h.Typeflag != tar.TypeReg {
			return nil
		}
		if _, err := io.Copy(c, r); err != nil {
			return err
		}
		return errStop
	})
	switch {
	case found == nil:
		return fs.ErrNotExist
	case found == errStop:
		return nil
	}
	return found
}
