package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"mts/core"
	"mts/core/client"
)

// depth is how many files are asked for at once on a connection. It also hides
// the time that each file takes to reach the disk.
const depth = 32

// maxUnreported is how many files may be done before the first of them is
// reported: the order of the reports is that of the command line.
const maxUnreported = 4096

// A job is a file to fetch.
type job struct {
	path string // on the server, as the user wrote it
	name string // below the output folder
	done chan error
	size int64  // once it is done
	sum  string // SHA-256, if it was asked for
}

// run does what the command line says.
func (a *app) run(ctx context.Context, args []string) error {
	dial, err := a.dialer()
	if err != nil {
		return err
	}
	var root *os.Root
	if !a.list && len(a.exec) == 0 {
		if root, err = os.OpenRoot(a.output); err != nil {
			return usageError{fmt.Errorf("--output: %w", err)}
		}
		defer root.Close()
	}
	conn, err := dial(ctx)
	if err != nil {
		return err
	}
	l := &link{dial: dial, conn: conn}
	defer l.close()
	switch {
	case len(a.exec) > 0:
		return a.execAll(ctx, conn)
	case a.list:
		return a.listAll(ctx, conn, args)
	}
	a.fetchAll(ctx, l, &folder{root: root, force: a.force, sums: a.json}, args)
	return ctx.Err()
}

// fetchAll fetches files side by side and reports them in order.
func (a *app) fetchAll(ctx context.Context, l *link, d *folder, paths []string) {
	queue := make(chan *job)
	order := make(chan *job, maxUnreported)
	go func() {
		defer close(order)
		defer close(queue)
		taken := make(map[string]bool)
		for _, path := range paths {
			j := &job{path: path, name: baseName(path), done: make(chan error, 1)}
			order <- j
			if err := a.admit(d, j, taken); err != nil {
				j.done <- err
				continue
			}
			queue <- j
		}
	}()
	var workers sync.WaitGroup
	for range depth {
		workers.Go(func() {
			for j := range queue {
				j.done <- a.fetch(ctx, l, d, j)
			}
		})
	}
	for j := range order {
		a.report(ctx, j, <-j.done)
	}
	workers.Wait()
}

// admit reports why a file needn't even be asked for.
func (a *app) admit(d *folder, j *job, taken map[string]bool) error {
	if err := checkName(j.name); err != nil {
		return err
	}
	if taken[j.name] {
		return errExists
	}
	taken[j.name] = true
	return d.free(j.name)
}

// fetch fetches and saves one file, and asks again if it broke off.
func (a *app) fetch(ctx context.Context, l *link, d *folder, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p, err := d.create(j.name)
	if err != nil {
		return err
	}
	err = a.fetchPart(ctx, l, p, j)
	if err != nil {
		p.discard()
	}
	return err
}

func (a *app) fetchPart(ctx context.Context, l *link, p *part, j *job) error {
	var failure error
	for try := 0; try <= retries; {
		conn, err := l.get(ctx)
		if err != nil {
			return errors.Join(failure, err)
		}
		var info core.Info
		info, err = conn.Fetch(ctx, j.path, p)
		switch {
		case err == nil:
			j.size, j.sum = p.size, p.digest()
			return p.commit(info.Modified)
		case p.err != nil:
			return p.err
		case ctx.Err() != nil || !again(err):
			return err
		case !errors.Is(err, client.ErrQueued):
			failure = err
			try++
		}
		if err := p.reset(); err != nil {
			return err
		}
	}
	return failure
}

// again reports whether the next try may end in another way.
func again(err error) bool {
	var told *core.Error
	return errors.Is(err, client.ErrLost) || errors.As(err, &told) && told.Code == core.CodeChanged
}
