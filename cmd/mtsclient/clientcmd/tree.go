package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"mts/core"
	"mts/core/client"
)

// lookahead is the number of folders that are listed in advance.
const lookahead = 8

// maxLevels limits the depth of a tree: a hostile server may show an endless one.
const maxLevels = 1000

var (
	errLevels = fmt.Errorf("folders are nested more than %d deep", maxLevels)
	errLoop   = errors.New("is one of the folders it is in: a link loop, not entered")
)

// A place is a folder of the tree that is being fetched.
type place struct {
	path, name string // as in a job
	level      int    // 1 for the folder that was named
	unique     string // "" if the server doesn't say
	up         *place // the folder it is in; nil for the one that was named

	content []core.Info // kept for --delete
}

// holds reports whether a folder is p or one that p is in.
func (p *place) holds(folder core.Info) bool {
	for ; p != nil && folder.Unique != ""; p = p.up {
		if p.unique == folder.Unique {
			return true
		}
	}
	return false
}

// below returns the place of an entry.
func (p *place) below(e core.Info) *place {
	return &place{path: join(p.path, e.Name), name: strings.TrimPrefix(p.name+"/"+e.Name, "/"), level: p.level + 1, unique: e.Unique, up: p}
}

// isPath reports whether the name of an entry would lead elsewhere.
func isPath(e core.Info) bool { return strings.ContainsAny(e.Name, `/\`) }

// deeper reports whether the tree goes on below a place.
func (p *plan) deeper(at *place) bool {
	if p.list && !p.recursive {
		return false
	}
	return p.maxDepth == 0 || at.level < p.maxDepth
}

// enters reports whether the tree goes on in a folder.
func (p *plan) enters(at *place, e core.Info) bool {
	return e.Dir && !isPath(e) && p.deeper(at) && !at.holds(e) && p.filter.allows(at.below(e).name, true)
}

// tree yields the content of a folder and of all folders in it.
func (p *plan) tree(l *listing, at *place) bool {
	if err := p.open(l, at); err != nil {
		return p.yield(&job{path: at.path, name: at.name, err: err})
	}
	subs := p.listAhead(at, l.entries)
	for _, e := range l.entries {
		if !p.entry(at, e, subs) {
			return false
		}
	}
	if l.missing != nil {
		return p.yield(&job{path: at.path, name: at.name, err: l.missing})
	}
	if p.delete {
		at.content = l.entries
		p.trees = append(p.trees, at)
	}
	return true
}

// open waits for the listing of a folder and makes the folder.
func (p *plan) open(l *listing, at *place) error {
	err := l.wait()
	if err == nil && at.level > maxLevels {
		err = errLevels
	}
	if err == nil && p.folder != nil && at.name != "" {
		if err = checkName(path.Base(at.name)); err == nil {
			err = p.makeFolder(at.name)
		}
	}
	return err
}

// makeFolder makes a folder, unless nothing is to be made.
func (p *plan) makeFolder(name string) error {
	if p.dryRun {
		return nil
	}
	return p.folder.retryOpen(func() error { return p.folder.mkdir(name) })
}

// entry yields an entry of a folder. A folder's listing is the next one of subs.
func (p *plan) entry(at *place, e core.Info, subs func() *listing) bool {
	sub := at.below(e)
	j := &job{path: sub.path, name: sub.name, info: &e}
	switch {
	case isPath(e):
		j.name, j.err = e.Name, errName
	case !p.filter.allows(sub.name, e.Dir):
		return true
	case !e.Dir && !p.list:
		return p.file(j)
	case e.Dir && p.deeper(at) && at.holds(e):
		j.err = errLoop
	case p.enters(at, e):
		return (!p.list || p.yield(j)) && p.tree(subs(), sub)
	case !p.list: // below --max-depth
		return true
	}
	return p.yield(j)
}

// listAhead returns a function that returns the listings of the folders among
// entries, one by one. Meanwhile the next folders are being listed.
func (p *plan) listAhead(at *place, entries []core.Info) func() *listing {
	var dirs []string
	for _, e := range entries {
		if p.enters(at, e) {
			dirs = append(dirs, join(at.path, e.Name))
		}
	}
	var pending []*listing
	return func() *listing {
		for len(dirs) > 0 && len(pending) < lookahead {
			pending = append(pending, p.listFolder(dirs[0]))
			dirs = dirs[1:]
		}
		first := pending[0]
		pending = pending[1:]
		return first
	}
}

func (l *listing) read(ctx context.Context, conn *client.Conn, dir string) error {
	l.entries, l.missing = nil, nil
	for info, err := range conn.List(ctx, dir) {
		if errors.As(err, &l.missing) {
			return nil
		}
		if err != nil {
			return err
		}
		l.entries = append(l.entries, info)
	}
	return nil
}

func (l *listing) wait() error {
	<-l.ready
	return l.err
}

func join(dir, name string) string {
	switch dir {
	case "":
		return name
	case "/":
		return "/" + name
	}
	return dir + "/" + name
}
