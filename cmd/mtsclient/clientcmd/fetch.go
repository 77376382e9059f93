package clientcmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
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
	// headway is the number of bytes after which the count of retries starts
	// again from 0.
	headway = 1 << 20
)

// A job is a file to fetch.
type job struct {
	path string // on the server
	name string // below the output folder, with slashes
	err  error  // why it isn't requested
	done chan error

	// Set when it is done:
	received, size int64
	sum            string // SHA-256, if it was computed
}

// fetchAll fetches files in parallel and reports them in order.
func (a *app) fetchAll(ctx context.Context, args []string) error {
	if a.rate > 0 {
		// The burst is a tenth of a second, and the bucket starts empty.
		a.limiter = rate.NewLimiter(rate.Limit(a.rate), max(1, int(min(a.rate/10, 1<<30))))
		a.limiter.AllowN(time.Now(), a.limiter.Burst())
	}
	a.showProgress()
	defer a.progress.close()
	order := make(chan *job, maxUnreported)
	go func() {
		defer close(order)
		a.start(ctx, a.expand(ctx, args), order)
	}()
	for j := range order {
		a.report(ctx, j, <-j.done)
	}
	return context.Cause(ctx)
}

// showProgress shows bars from now on if there is a terminal.
func (a *app) showProgress() {
	screen, ok := a.screen.(*os.File)
	if _, is := terminal(a.screen); !ok || !is || a.quiet || a.json {
		return
	}
	a.progress = newProgress(screen)
	a.stderr = a.progress.above(a.stderr)
	if _, is := terminal(a.stdout); is && a.folder != nil {
		a.stdout = a.progress.above(a.stdout)
	}
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
		there := a.resume && errors.Is(j.err, errExists) // perhaps saved by an earlier run
		if j.err != nil && !there {
			j.done <- j.err
			continue
		}
		slots <- struct{}{}
		running.Go(func() {
			if there {
				j.done <- a.compare(ctx, j)
			} else {
				j.done <- a.fetch(ctx, j)
			}
			<-slots
		})
	}
	running.Wait()
}

// fetch fetches one file and saves it, or writes it to stdout.
func (a *app) fetch(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
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
	t.to, t.size, t.info = p, p.size, p.info()
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

// compare returns nil if the existing file is the same as the server's: if it has
// the same size and the same time, to a second. With --verify and --json it must
// have the same SHA-256 instead of the time.
func (a *app) compare(ctx context.Context, j *job) error {
	local, err := a.folder.top.Lstat(filepath.FromSlash(j.name))
	if err != nil || !local.Mode().IsRegular() {
		return errExists
	}
	var info core.Info
	err = a.retry(ctx, func(conn *client.Conn) (got bool, err error) {
		info, err = conn.Stat(ctx, j.path)
		return false, err
	})
	j.size = info.Size
	switch {
	case err != nil:
		return err
	case info.Size != local.Size():
		return errExists
	case a.verify || a.json:
		return a.compareContent(ctx, j)
	case info.Modified.Unix() != local.ModTime().Unix():
		return errExists
	}
	return nil
}

// compareContent compares the SHA-256 of the existing file with the server's.
func (a *app) compareContent(ctx context.Context, j *job) error {
	sum, err := a.folder.hash(filepath.FromSlash(j.name))
	if err != nil {
		return err
	}
	want, err := a.hash(ctx, j.path)
	switch {
	case err != nil:
		return err
	case sum != want:
		return errExists
	}
	j.sum = sum
	return nil
}

// transfer runs t until the file is complete and verified.
func (a *app) transfer(ctx context.Context, t *transfer, j *job) error {
	bar := a.progress.file(j.name, t)
	defer bar.finish()
	t.moved = bar.moved
	err := a.retry(ctx, func(conn *client.Conn) (bool, error) {
		before := t.size
		err := t.run(ctx, conn)
		if t.err != nil {
			return false, broken{t.err}
		}
		got := t.size-before >= headway
		if retryable(err) && (isCode(err, core.CodeChanged) || !t.known()) {
			if err := t.restart(err); err != nil {
				return false, broken{err}
			}
		}
		return got, err
	})
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

// compareHash compares the hash of the received file with the server's.
func (a *app) compareHash(ctx context.Context, t *transfer) error {
	want, err := a.hash(ctx, t.path)
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(t.sum.Sum(nil)); got != want {
		return fmt.Errorf("%w: its SHA-256 is %s, the server says %s", client.ErrIntegrity, got, want)
	}
	return nil
}

// hash returns the SHA-256 that the server computes of a file.
func (a *app) hash(ctx context.Context, path string) (sum string, err error) {
	err = a.retry(ctx, func(conn *client.Conn) (got bool, err error) {
		sum, err = conn.Hash(ctx, path)
		return false, err
	})
	if err != nil {
		return "", fmt.Errorf("verify: %w", err)
	}
	return sum, nil
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

// A broken is an error of the target. A retry wouldn't help.
type broken struct{ error }

func (b broken) Unwrap() error { return b.error }

// retryable reports whether a retry may succeed.
func retryable(err error) bool {
	var b broken
	if errors.As(err, &b) {
		return false
	}
	var refusal *core.Error
	if errors.As(err, &refusal) {
		switch refusal.Code {
		case core.CodeChanged, core.CodeTimeout, core.CodeShuttingDown, core.CodeBusy, core.CodeRateLimited:
			return true
		}
	}
	return errors.Is(err, client.ErrLost)
}
