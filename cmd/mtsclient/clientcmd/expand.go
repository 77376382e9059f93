package clientcmd

import (
	"context"
	"fmt"
	"iter"
	"path"
	"strings"

	"mts/core"
	"mts/core/client"
)

// lookahead is the number of folders that are listed in advance.
const lookahead = 8

// maxLevels limits the depth of a tree.
const maxLevels = 100

var errLevels = fmt.Errorf("%w: folders are nested more than %d deep", client.ErrIntegrity, maxLevels)

// An expansion turns arguments into jobs.
type expansion struct {
	*app
	ctx   context.Context
	taken map[string]bool // names that files and trees are saved under
	yield func(*job) bool
}

// expand returns the files that args stand for: the named files, those that match
// a pattern and, with --recursive, those in the folders. A file that won't be
// requested has an error.
func (a *app) expand(ctx context.Context, args []string) iter.Seq[*job] {
	return func(yield func(*job) bool) {
		x := &expansion{app: a, ctx: ctx, taken: make(map[string]bool), yield: yield}
		for _, arg := range args {
			if !x.argument(arg) {
				return
			}
		}
	}
}

func (x *expansion) argument(arg string) bool {
	if hasMeta(arg) {
		return x.pattern(arg)
	}
	if !x.recursive {
		return x.file(arg, baseName(arg), true)
	}
	arg = strings.TrimRight(arg, `/\`)
	return x.folderOrFile(arg, baseName(arg))
}

// folderOrFile yields the content of a folder, or a file.
func (x *expansion) folderOrFile(path, name string) bool {
	l := x.list(path)
	if isCode(l.wait(), core.CodeNotFound) {
		return x.file(path, name, true)
	}
	if name != "" && x.taken[name] {
		return x.yield(&job{path: path, name: name, err: errTwice})
	}
	x.taken[name] = true
	return x.tree(l, path, name, 1)
}

// file yields a file. single is set if the user named it or a pattern for it.
func (x *expansion) file(path, name string, single bool) bool {
	j := &job{path: path, name: name}
	if x.folder != nil {
		j.err = x.checkTarget(name, single)
	}
	return x.yield(j)
}

// checkTarget returns the reason why nothing can be saved as name.
func (x *expansion) checkTarget(name string, single bool) error {
	if err := checkName(path.Base("/" + name)); err != nil {
		return err
	}
	if single {
		if x.taken[name] {
			return errTwice
		}
		x.taken[name] = true
	}
	return x.folder.retryOpen(func() error {
		in, err := x.folder.acquire(name)
		if err != nil {
			return err
		}
		defer x.folder.release(in)
		return x.folder.checkFree(in.root, path.Base(name))
	})
}

// tree yields the content of a folder and of all folders in it.
func (x *expansion) tree(l *listing, dir, name string, level int) bool {
	err := l.wait()
	if err == nil && level > maxLevels {
		err = errLevels
	}
	if err == nil && x.folder != nil && name != "" {
		if err = checkName(path.Base(name)); err == nil {
			err = x.folder.retryOpen(func() error { return x.folder.mkdir(name) })
		}
	}
	if err != nil {
		return x.yield(&job{path: dir, name: name, err: err})
	}
	subs := x.listAhead(dir, l.entries)
	for _, e := range l.entries {
		sub, below := join(dir, e.Name), e.Name
		if name != "" {
			below = name + "/" + e.Name
		}
		more := true
		switch {
		case strings.ContainsAny(e.Name, `/\`):
			more = x.yield(&job{path: sub, name: e.Name, err: errName})
		case e.Dir:
			more = x.tree(subs(), sub, below, level+1)
		default:
			more = x.file(sub, below, false)
		}
		if !more {
			return false
		}
	}
	return true
}

// listAhead returns a function that returns the listings of the folders among
// entries, one by one. Meanwhile the next folders are being listed.
func (x *expansion) listAhead(dir string, entries []core.Info) func() *listing {
	var dirs []string
	for _, e := range entries {
		if e.Dir && !strings.ContainsAny(e.Name, `/\`) {
			dirs = append(dirs, join(dir, e.Name))
		}
	}
	var pending []*listing
	return func() *listing {
		for len(dirs) > 0 && len(pending) < lookahead {
			pending = append(pending, x.list(dirs[0]))
			dirs = dirs[1:]
		}
		first := pending[0]
		pending = pending[1:]
		return first
	}
}

// pattern yields the files that match, and with --recursive the content of the
// folders that match.
func (x *expansion) pattern(arg string) bool {
	first := strings.IndexAny(arg, meta)
	cut := strings.LastIndexAny(arg[:first], `/\`) + 1
	dir := strings.TrimRight(arg[:cut], `/\`)
	if dir == "" && cut > 0 {
		dir = "/"
	}
	elements := strings.FieldsFunc(arg[cut:], func(r rune) bool { return r == '/' || r == '\\' })
	found, more := x.match(dir, elements)
	if !found && more {
		more = x.yield(&job{path: arg, err: core.Errorf(core.CodeNotFound, "nothing matches")})
	}
	return more
}

// match yields what matches the patterns in elements, one for each level below
// dir.
func (x *expansion) match(dir string, elements []string) (found, more bool) {
	l := x.list(dir)
	if err := l.wait(); err != nil {
		if isCode(err, core.CodeNotFound) {
			return false, true
		}
		return true, x.yield(&job{path: dir, err: err})
	}
	more = true
	for _, e := range l.entries {
		if !more || !matches(elements[0], e.Name) {
			continue
		}
		sub, hit := join(dir, e.Name), true
		switch {
		case strings.ContainsAny(e.Name, `/\`):
			more = x.yield(&job{path: sub, name: e.Name, err: errName})
		case len(elements) > 1 && e.Dir:
			hit, more = x.match(sub, elements[1:])
		case len(elements) == 1 && e.Dir && x.recursive:
			more = x.folderOrFile(sub, e.Name)
		case len(elements) == 1 && !e.Dir:
			more = x.file(sub, e.Name, true)
		default:
			hit = false
		}
		found = found || hit
	}
	return found, more
}

// meta are the characters that make a pattern.
const meta = "*?["

func hasMeta(s string) bool { return strings.ContainsAny(s, meta) }

// matches reports whether a name is the pattern or matches it.
func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return pattern == name || ok && err == nil
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

// A listing is the content of a folder, once ready is closed.
type listing struct {
	entries []core.Info
	err     error
	ready   chan struct{}
}

// list starts to list a folder.
func (x *expansion) list(dir string) *listing {
	if dir == "" {
		dir = "/"
	}
	l := &listing{ready: make(chan struct{})}
	go func() {
		defer close(l.ready)
		l.err = x.retry(x.ctx, func(conn *client.Conn) (bool, error) { return false, l.read(x.ctx, conn, dir) })
	}()
	return l
}

func (l *listing) read(ctx context.Context, conn *client.Conn, dir string) error {
	l.entries = nil
	for info, err := range conn.List(ctx, dir) {
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
