package plugins

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"mts/plugins/internal/link"
)

var errStart = errors.New("start worker")

// A launcher starts worker processes, and knows those that run.
type launcher struct {
	command func() *exec.Cmd
	memory  int64
	running *sync.WaitGroup
	refused atomic.Int32 // how many isolations the system doesn't give
	pids    sync.Map     // of the processes that run
}

// owns reports whether a process is one of the launcher's.
func (l *launcher) owns(pid int) bool {
	_, found := l.pids.Load(pid)
	return found
}

// launch starts a worker, as isolated as the system allows, and sends it what
// to run, until ctx ends. The worker's lines on its standard error go to out.
func (l *launcher) launch(ctx context.Context, spec link.Spec, out *lines) (*instance, error) {
	i := &instance{exited: make(chan struct{}), out: out}
	if err := l.start(i); err != nil {
		return nil, fmt.Errorf("%w: %w", errStart, err)
	}
	i.conn, i.clock.pipe = link.NewConn(i.pipes), i.pipes.out
	l.pids.Store(i.pid(), nil)
	yield(i.pid())
	l.running.Go(func() {
		i.wait()
		l.pids.Delete(i.pid())
		close(i.exited)
	})
	defer context.AfterFunc(ctx, func() { i.kill(context.Cause(ctx)) })()
	i.in.SetWriteDeadline(time.Now().Add(loadTime))
	if err := link.WriteSpec(i.in, l.memory, spec); err != nil {
		return nil, i.abandon(fmt.Errorf("%w: %w", errStart, err))
	}
	return i, nil
}

// start starts the process with the best isolation that the system hasn't
// refused yet.
func (l *launcher) start(i *instance) (err error) {
	for n, how := range isolations() {
		if n < int(l.refused.Load()) {
			continue
		}
		if err = l.startAs(i, how); err == nil {
			i.lacks = how.lacks()
			return nil
		}
		if !isRefusal(err) {
			return err
		}
		l.refused.CompareAndSwap(int32(n), int32(n+1))
	}
	l.refused.Store(0) // it isn't the isolation's fault
	return err
}

func (l *launcher) startAs(i *instance, how isolation) error {
	i.cmd = l.command()
	i.cmd.Env, i.cmd.Dir = []string{}, "/"
	done, err := isolate(i.cmd, how)
	if err != nil {
		return err
	}
	defer done()
	theirs, err := i.connect()
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	if err == nil {
		err = i.cmd.Start()
	}
	if err != nil {
		i.pipes.Close()
	}
	return err
}

// pipes are the two directions to a worker and its standard error.
type pipes struct{ in, out, errors *os.File }

func (p pipes) Read(b []byte) (int, error)  { return p.out.Read(b) }
func (p pipes) Write(b []byte) (int, error) { return p.in.Write(b) }

func (p pipes) Close() {
	for _, f := range []*os.File{p.in, p.out, p.errors} {
		if f != nil {
			f.Close()
		}
	}
}

// connect makes the pipes. It returns the worker's ends, which are to be closed
// after the start.
func (i *instance) connect() (theirs []*os.File, err error) {
	var in, out, errs *os.File
	if in, i.pipes.in, err = os.Pipe(); err != nil {
		return theirs, err
	}
	theirs = append(theirs, in)
	if i.pipes.out, out, err = os.Pipe(); err != nil {
		return theirs, err
	}
	theirs = append(theirs, out)
	if i.pipes.errors, errs, err = os.Pipe(); err != nil {
		return theirs, err
	}
	enlarge(out)
	i.cmd.Stdin, i.cmd.Stdout, i.cmd.Stderr = in, out, errs
	return append(theirs, errs), nil
}
