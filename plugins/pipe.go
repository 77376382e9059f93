package plugins

import (
	"errors"
	"os"
	"sync"
	"time"
)

// pipes are the two directions to a worker and its standard error.
type pipes struct {
	stdin, stderr *os.File
	stdout        *timedPipe
}

func (p pipes) Read(b []byte) (int, error)  { return p.stdout.Read(b) }
func (p pipes) Write(b []byte) (int, error) { return p.stdin.Write(b) }

func (p pipes) Close() {
	p.stdin.Close()
	p.stdout.Close()
	p.stderr.Close()
}

// A timedPipe is a pipe from a process whose reads have a deadline, also on
// systems where pipes have none: there, the process is ended when it passes,
// whether a read waits or not.
type timedPipe struct {
	pipe
	end func() // ends the process

	mu    sync.Mutex
	timer *time.Timer // nil where it isn't needed
	late  bool        // the process was ended
}

type pipe interface {
	Read([]byte) (int, error)
	SetReadDeadline(time.Time) error
	Close() error
}

// SetReadDeadline sets when reads end; the zero time is never. It has to be
// called with that when nobody reads.
func (p *timedPipe) SetReadDeadline(t time.Time) error {
	err := p.pipe.SetReadDeadline(t)
	if !errors.Is(err, os.ErrNoDeadline) {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
	if !t.IsZero() {
		p.timer = time.AfterFunc(time.Until(t), p.expire)
	}
	return nil
}

func (p *timedPipe) expire() {
	p.mu.Lock()
	p.late = true
	p.mu.Unlock()
	p.end()
}

func (p *timedPipe) Read(b []byte) (int, error) {
	n, err := p.pipe.Read(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && p.late {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}
