package clientcmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"os"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mts/core"
	"mts/core/client"
)

const (
	// depth is the number of files that are requested at once on a connection,
	// and maxOpen on all connections. It also hides the time of the syncs.
	depth   = 128
	maxOpen = 256
	// maxUnreported is the number of files that may be finished while an earlier
	// one is still running: files are reported in the order of the command line.
	maxUnreported = 4096
)

// fetchAll fetches files in parallel and reports them in order. Then it deletes what
// the server no longer has, if that is wanted.
func (a *app) fetchAll(ctx context.Context, args []string) error {
	if a.rate > 0 {
		// The burst is a tenth of a second, and the bucket starts empty.
		a.limiter = rate.NewLimiter(rate.Limit(a.rate), max(1, int(min(a.rate/10, 1<<30))))
		a.limiter.AllowN(time.Now(), a.limiter.Burst())
	}
	a.runAll(ctx, args)
	if err := context.Cause(ctx); err != nil {
		return err
	}
	err := a.deleteAll(ctx)
	a.summarize()
	return err
}

// runAll carries out the plan, with bars on a terminal.
func (a *app) runAll(ctx context.Context, args []string) {
	defer a.showProgress()()
	order := make(chan *job, maxUnreported)
	go func() {
		defer close(order)
		a.start(ctx, a.plan(ctx, args), order)
	}()
	for j := range order {
		a.report(ctx, j, <-j.done)
	}
}

// showProgress shows bars on a terminal until the returned function is called.
func (a *app) showProgress() (hide func()) {
	bars, ok := a.bars.(*os.File)
	if !ok || !isTerminal(bars) || os.Getenv("TERM") == "dumb" || a.quiet || a.json {
		return func() {}
	}
	a.progress = newProgress(bars)
	a.stderr = a.progress.above(a.stderr)
	if isTerminal(a.screen) && a.folder != nil {
		a.stdout = a.progress.above(a.stdout)
	}
	return a.progress.close
}

// start starts the jobs, and returns when all are done.
func (a *app) start(ctx context.Context, jobs iter.Seq[*job], order chan<- *job) {
	atOnce := min(depth*len(a.links), maxOpen)
	if a.folder == nil { // stdout takes one after the other
		atOnce = 1
	}
	slots := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for j := range jobs {
		j.done = make(chan error, 1)
		order <- j
		switch {
		case ctx.Err() != nil:
			j.done <- context.Cause(ctx)
			continue
		case j.err != nil:
			j.done <- j.err
			continue
		case a.sameAsListed(j):
			j.status = unchanged
			j.done <- nil
			continue
		}
		slots <- struct{}{}
		running.Go(func() {
			j.done <- a.carryOut(ctx, j)
			<-slots
		})
	}
	a.progress.allPlanned()
	running.Wait()
}

// carryOut fetches the file of a job, unless the same is there already.
func (a *app) carryOut(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if j.local != nil && (a.resume || a.update) {
		same, err := a.compare(ctx, j)
		if err != nil || same {
			j.status = unchanged
			return err
		}
	}
	switch {
	case j.local != nil && !a.folder.replace:
		return errExists
	case a.dryRun:
		j.status = skipped
		return a.lookUp(ctx, j)
	}
	j.status = saved
	err := a.fetch(ctx, j)
	if isCode(err, core.CodeNotFound) && j.info == nil {
		if errors.Is(a.lookUp(ctx, j), errIsFolder) {
			return errIsFolder
		}
	}
	return err
}

// fetch fetches one file and saves it, or writes it to stdout.
func (a *app) fetch(ctx context.Context, j *job) error {
	t := &transfer{path: j.path}
	if a.json || a.verify {
		t.sum = sha256.New()
	}
	t.pace = func(n int) error { return a.wait(ctx, n) }
	if a.folder == nil {
		t.to = &stream{w: a.data()}
		return a.transfer(ctx, t, j)
	}
	p, err := a.folder.create(j.name, j.path, a.resume)
	if err != nil {
		return err
	}
	defer p.close()
	t.to, t.size, t.info = p, p.size, p.note.info()
	if t.sum != nil {
		if _, err := io.Copy(t.sum, io.NewSectionReader(p.file, 0, p.size)); err != nil {
			return err
		}
	}
	if err = a.transfer(ctx, t, j); err == nil {
		err = p.commit(t.info.Modified)
	}
	switch {
	case err == nil:
	case errors.Is(err, client.ErrIntegrity):
		p.discard()
	default:
		p.giveUp()
	}
	return err
}

// transfer runs t until the file is complete and verified.
func (a *app) transfer(ctx context.Context, t *transfer, j *job) error {
	bar := a.progress.file(j.name, t)
	defer bar.finish()
	t.moved = bar.moved
	err := a.complete(ctx, t)
	if err == nil && t.doubtful {
		err = a.settle(ctx, t)
	}
	if err == nil && a.verify {
		err = a.compareHash(ctx, t)
	}
	j.received, j.size = t.received, max(t.size, t.info.Size)
	if err != nil {
		j.size = max(j.size, t.announced, t.received)
		return err
	}
	if t.sum != nil {
		j.sum = hex.EncodeToString(t.sum.Sum(nil))
	}
	return nil
}

// complete runs t until it is complete, over as many connections as that takes.
func (a *app) complete(ctx context.Context, t *transfer) error {
	return a.retry(ctx, func(conn *client.Conn) (bool, error) {
		before := t.furthest
		err := t.run(ctx, conn)
		if t.err != nil {
			return false, targetError{t.err}
		}
		got := t.furthest > before
		if retryable(err) && (isCode(err, core.CodeChanged) || !t.known()) {
			if err := t.restart(err); err != nil {
				return false, targetError{err}
			}
		}
		return got, err
	})
}

// settle decides whether the parts of t are of one version, which the server's
// etags left open. If they aren't, the file is fetched anew.
func (a *app) settle(ctx context.Context, t *transfer) error {
	t.doubtful = false
	got, err := t.to.hash()
	if err != nil {
		return err
	}
	want, err := a.hash(ctx, t.path)
	if err != nil && !isCode(err, core.CodeUnknownCommand) || err == nil && got == want {
		return err
	}
	if err := t.restart(errChanged); err != nil {
		return err
	}
	return a.complete(ctx, t)
}

// wait delays a transfer because of --limit-rate.
func (a *app) wait(ctx context.Context, n int) error {
	for a.limiter != nil && n > 0 {
		m := min(n, a.limiter.Burst())
		if err := a.limiter.WaitN(ctx, m); err != nil {
			return err
		}
		n -= m
	}
	return nil
}
