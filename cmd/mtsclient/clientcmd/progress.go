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

// A progress shows bars on a terminal: one for all files together, and one for
// each large file under way. A nil progress shows nothing.
type progress struct {
	bars        *mpb.Progress
	total       *mpb.Bar
	files, done atomic.Int64

	mu       sync.Mutex
	expected int64 // bytes
}

// newProgress returns nil for a screen that nothing can be drawn on.
func newProgress(screen *os.File) *progress {
	if width, height, err := term.GetSize(int(screen.Fd())); err != nil || width < 1 || height < 2 {
		return nil
	}
	p := &progress{bars: mpb.New(mpb.WithOutput(screen))}
	count := func(decor.Statistics) string { return fmt.Sprintf("%d/%d files", p.done.Load(), p.files.Load()) }
	p.total = p.bars.AddBar(0, mpb.BarPriority(1<<20), mpb.PrependDecorators(decor.Any(count)), mpb.AppendDecorators(speed(0)))
	return p
}

// speed shows how fast bytes come, counted from at, and how long the rest takes.
func speed(at int64) decor.Decorator {
	begun := time.Now()
	return decor.Any(func(s decor.Statistics) string {
		perSecond := float64(s.Current-at) / time.Since(begun).Seconds()
		if perSecond < 1 {
			return "-"
		}
		left := time.Duration(float64(s.Total-s.Current) / perSecond * float64(time.Second))
		return fmt.Sprintf("% .1f/s %v", decor.SizeB1024(perSecond), left.Round(time.Second))
	})
}

// above returns a writer of lines that stay above the bars.
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

// expect raises the number of bytes that will have come in the end.
func (p *progress) expect(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected += bytes
	p.total.SetTotal(p.expected, false)
}

// close draws the bars for the last time.
func (p *progress) close() {
	if p != nil {
		p.total.SetTotal(-1, true)
		p.bars.Wait()
	}
}

// A fileBar is how far one file has come.
type fileBar struct {
	*progress
	name    string
	of      *transfer
	counted int64 // bytes of it that are expected
	bar     *mpb.Bar
}

// file counts one more file.
func (p *progress) file(name string, t *transfer) *fileBar {
	if p != nil {
		p.files.Add(1)
	}
	return &fileBar{progress: p, name: name, of: t, counted: t.size}
}

// moved counts bytes that have come. Only a file of several pieces has a bar.
func (b *fileBar) moved(bytes int) {
	if b.progress == nil {
		return
	}
	t := b.of
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
			mpb.AppendDecorators(speed(t.size)))
		b.bar.SetCurrent(t.size)
	}
}

// finish takes the file's bar away.
func (b *fileBar) finish() {
	if b.progress == nil {
		return
	}
	b.progress.done.Add(1)
	if b.bar != nil {
		b.bar.Abort(true)
	}
}
