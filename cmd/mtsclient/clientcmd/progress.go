package clientcmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"mts/core/wire"
)

// A progress shows bars on a terminal: one for all files together, and one for each
// large file that is running. A nil progress shows nothing.
type progress struct {
	bars        *mpb.Progress
	total       *mpb.Bar
	files, done atomic.Int64
	planned     atomic.Bool // all files are known

	mu       sync.Mutex
	expected int64 // bytes
}

// newProgress returns nil for a screen without room for bars.
func newProgress(screen *os.File) *progress {
	if width, height, err := term.GetSize(int(screen.Fd())); err != nil || width < 1 || height < 2 {
		return nil
	}
	p := &progress{bars: mpb.New(mpb.WithOutput(screen))}
	count := func(decor.Statistics) string { return fmt.Sprintf("%d/%d files", p.done.Load(), p.files.Load()) }
	p.total = p.bars.AddBar(0, mpb.BarPriority(1<<20), mpb.PrependDecorators(decor.Any(count)), mpb.AppendDecorators(speed(0, p.planned.Load)))
	return p
}

// speed shows the rate of the bytes after the first at ones, and the time left if all
// bytes are known.
func speed(at int64, known func() bool) decor.Decorator {
	start := time.Now()
	return decor.Any(func(s decor.Statistics) string {
		perSecond := float64(s.Current-at) / time.Since(start).Seconds()
		if perSecond < 1 {
			return "-"
		}
		if !known() {
			return fmt.Sprintf("% .1f/s", decor.SizeB1024(perSecond))
		}
		left := time.Duration(float64(s.Total-s.Current) / perSecond * float64(time.Second))
		return fmt.Sprintf("% .1f/s %v", decor.SizeB1024(perSecond), left.Round(time.Second))
	})
}

// above returns a writer that shows lines above the bars.
func (p *progress) above(w io.Writer) io.Writer {
	if p == nil {
		return w
	}
	return &aboveBars{p.bars, w}
}

type aboveBars struct {
	bars *mpb.Progress
	w    io.Writer
}

func (a *aboveBars) Write(b []byte) (int, error) {
	n, err := a.bars.Write(b)
	if errors.Is(err, mpb.ErrDone) {
		return a.w.Write(b)
	}
	return n, err
}

// expect adds to the total number of expected bytes.
func (p *progress) expect(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected += bytes
	p.total.SetTotal(p.expected, false)
}

// allPlanned says that all files are known.
func (p *progress) allPlanned() {
	if p != nil {
		p.planned.Store(true)
	}
}

// close ends the bars.
func (p *progress) close() {
	if p != nil {
		p.total.Abort(false) // it stays as it is, also after an interrupt
		p.bars.Wait()
	}
}

// A fileBar shows the progress of one file.
type fileBar struct {
	*progress
	name     string
	transfer *transfer
	counted  int64 // bytes that expect has counted
	bar      *mpb.Bar
}

// file counts one more file.
func (p *progress) file(name string, t *transfer) *fileBar {
	if p != nil {
		p.files.Add(1)
	}
	return &fileBar{progress: p, name: name, transfer: t, counted: t.size}
}

// moved counts received bytes. Only a file of several pieces has a bar of its own.
func (b *fileBar) moved(bytes int) {
	if b.progress == nil {
		return
	}
	t := b.transfer
	if size := max(t.size, t.info.Size); size > b.counted {
		b.expect(size - b.counted)
		b.counted = size
	}
	b.total.IncrBy(bytes)
	switch {
	case b.bar != nil:
		b.bar.SetCurrent(t.size)
	case t.known():
		b.bar = b.bars.AddBar(t.info.Size,
			mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(wire.Printable(b.name)), decor.Percentage(decor.WC{W: 5})),
			mpb.AppendDecorators(speed(t.size, func() bool { return true })))
		b.bar.SetCurrent(t.size)
	}
}

// finish removes the file's bar.
func (b *fileBar) finish() {
	if b.progress == nil {
		return
	}
	b.progress.done.Add(1)
	if b.bar != nil {
		b.bar.Abort(true)
	}
}
