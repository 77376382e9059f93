// Package treediff tells in what two folders differ.
package treediff

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"sort"
	"strings"

	"mts/core"
)

type kind byte

const (
	same kind = iota
	onlyLeft
	onlyRight
	changed
)

func (k kind) String() string { return [...]string{"  ", "- ", "+ ", "! "}[k] }

type file struct {
	name string
	size int64
	sum  [sha256.Size]byte
}

type difference struct {
	kind
	name        string
	left, right *file
}

type byName []difference

func (d byName) Len() int           { return len(d) }
func (d byName) Less(i, j int) bool { return d[i].name < d[j].name }
func (d byName) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }

type tree struct {
	*core.Call
	root  string
	files map[string]*file
	total int64
}

// Commands returns TREEDIFF.
func Commands() []core.Command {
	return []core.Command{{Verb: "TREEDIFF", Args: "LEFT RIGHT", Help: "tells in what two folders differ", Run: run}}
}

func run(c *core.Call) error {
	names := c.Fields()
	if len(names) != 2 {
		return core.ErrUsage
	}
	var trees [2]tree
	for i, name := range names {
		trees[i] = tree{Call: c, root: name, files: map[string]*file{}}
		if err := trees[i].walk("."); err != nil {
			return err
		}
	}
	var counts [changed + 1]int
	for _, d := range diff(trees[0], trees[1]) {
		counts[d.kind]++
		if d.kind == same {
			continue
		}
		if _, err := fmt.Fprintf(c, "%v%s%s\n", d.kind, d.name, d.detail()); err != nil {
			return err
		}
	}
	c.Reply("Same: %d, changed: %d, only in %s: %d, only in %s: %d.",
		counts[same], counts[changed], names[0], counts[onlyLeft], names[1], counts[onlyRight])
	return nil
}

func (d difference) detail() string {
	if d.left == nil || d.right == nil {
		return ""
	}
	if l, r := d.left.size, d.right.size; l != r {
		return fmt.Sprintf(" (%+d bytes)", r-l)
	}
	return fmt.Sprintf(" (%s… is %x…)", hex.EncodeToString(d.left.sum[:4]), d.right.sum[:4])
}

func (t *tree) walk(dir string) error {
	infos, err := t.List(path.Join(t.root, dir))
	if err != nil {
		return err
	}
	for _, info := range infos {
		name := path.Join(dir, info.Name)
		if info.Dir {
			if err := t.walk(name); err != nil {
				return err
			}
			continue
		}
		f, err := t.hash(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		t.files[name] = f
		t.total += f.size
	}
	return nil
}

func (t *tree) hash(name string) (*file, error) {
	in, err := t.Open(path.Join(t.root, name))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	h := sha256.New()
	n, err := io.Copy(h, in)
	if err != nil {
		return nil, err
	}
	f := &file{name: name, size: n}
	copy(f.sum[:], h.Sum(nil))
	return f, nil
}

func diff(a, b tree) []difference {
	var all []difference
	for name, l := range a.files {
		d := difference{name: name, left: l}
		if r, ok := b.files[name]; !ok {
			d.kind = onlyLeft
		} else if d.right = r; l.sum != r.sum {
			d.kind = changed
		}
		all = append(all, d)
	}
	for name, r := range b.files {
		if _, ok := a.files[name]; !ok {
			all = append(all, difference{onlyRight, name, nil, r})
		}
	}
	sort.Sort(byName(all))
	sort.SliceStable(all, func(i, j int) bool {
		return strings.Count(all[i].name, "/") < strings.Count(all[j].name, "/")
	})
	return all
}
