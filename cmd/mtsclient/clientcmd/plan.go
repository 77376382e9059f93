package clientcmd

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"strings"

	"mts/core"
	"mts/core/client"
)

// A job is a file to fetch, or what has to be said about the plan: an error, or in
// a listing a folder.
type job struct {
	path  string      // on the server
	name  string      // below the output folder, with slashes
	info  *core.Info  // from a listing; nil if unknown
	local fs.FileInfo // what has the name in the output folder; nil if nothing has
	err   error       // why it isn't requested
	done  chan error

	// Set when it is done:
	status         status // how it ended, if without an error
	received, size int64
	sum            string // SHA-256, if it was computed
}

// A plan turns arguments into jobs.
type plan struct {
	*app
	ctx   context.Context
	yield func(*job) bool
}

// plan returns the files that args stand for: the named files, those that match
// a pattern and, with --recursive, those in the folders. For --list there are also
// the folders. A file that won't be requested has an error.
func (a *app) plan(ctx context.Context, args []string) iter.Seq[*job] {
	return func(yield func(*job) bool) {
		p := &plan{app: a, ctx: ctx, yield: yield}
		for _, arg := range args {
			if !p.argument(arg) {
				return
			}
		}
	}
}

// argument yields what an argument stands for. A name is tried literally before it
// is taken for a pattern.
func (p *plan) argument(arg string) bool {
	if hasMeta(arg) && p.stat(arg) == nil {
		return p.pattern(arg)
	}
	return p.named(arg)
}

// named yields a file, or the content of a folder.
func (p *plan) named(arg string) bool {
	if !p.recursive && !p.list {
		return p.file(&job{path: arg, name: baseName(arg)})
	}
	path, name := strings.TrimRight(arg, `/\`), ""
	if !p.list {
		name = baseName(path)
	}
	return p.folderOrFile(path, name)
}

// folderOrFile yields the content of a folder, or a file.
func (p *plan) folderOrFile(path, name string) bool {
	l := p.listFolder(path)
	if err := l.wait(); isCode(err, core.CodeNotFound) || isCode(err, core.CodeUnknownCommand) {
		return p.fileOnly(path, err)
	}
	if name != "" && !p.list {
		if p.taken[name] {
			return p.yield(&job{path: path, name: name, err: errTwice})
		}
		p.taken[name] = true
	}
	top := &place{path: path, name: name, level: 1}
	if info := p.stat(path); info != nil {
		top.unique = info.Unique
	}
	return p.tree(l, top)
}

// fileOnly yields a file that can't be listed as a folder because of err.
func (p *plan) fileOnly(path string, err error) bool {
	j := &job{path: path, name: baseName(path)}
	if p.list {
		if j.info = p.stat(path); j.info == nil {
			j.err = err
		}
		return p.yield(j)
	}
	return p.file(j)
}

// file yields a file, after a look at its target.
func (p *plan) file(j *job) bool {
	if p.outputFile != "" {
		if len(p.taken) > 0 {
			j.err = usagef("--output-file takes one file")
			return p.yield(j)
		}
		j.name = p.outputFile
	}
	if p.folder != nil {
		p.checkTarget(j)
	}
	return p.yield(j)
}

// checkTarget sets what stands in the way of a job.
func (p *plan) checkTarget(j *job) {
	if j.err = checkName(lastElement(j.name)); j.err != nil {
		return
	}
	if p.taken[j.name] {
		j.err = errTwice
		return
	}
	p.taken[j.name] = true
	j.err = p.folder.retryOpen(func() error {
		in, err := p.folder.acquire(j.name)
		if p.dryRun && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer p.folder.release(in)
		j.local, err = p.folder.checkFree(in.root, lastElement(j.name))
		return err
	})
}

// stat returns the server's description of a file or folder, nil if there is none.
func (p *plan) stat(path string) *core.Info {
	var info core.Info
	err := p.retry(p.ctx, func(conn *client.Conn) (got bool, err error) {
		info, err = conn.Stat(p.ctx, path)
		return false, err
	})
	if err != nil {
		return nil
	}
	return &info
}

// A listing is the content of a folder, once ready is closed.
type listing struct {
	entries []core.Info
	missing *client.Incomplete // nil: nothing
	err     error
	ready   chan struct{}
}

// listFolder starts to list a folder.
func (p *plan) listFolder(dir string) *listing {
	if dir == "" {
		dir = "/"
	}
	l := &listing{ready: make(chan struct{})}
	go func() {
		defer close(l.ready)
		l.err = p.retry(p.ctx, func(conn *client.Conn) (bool, error) { return false, l.read(p.ctx, conn, dir) })
	}()
	return l
}
