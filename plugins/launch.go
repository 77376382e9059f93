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
// to run, until ctx ends. The worker's lines on its standard error go to said.
func (l *launcher) launch(ctx context.Context, spec link.Spec, said *lines) (*instance, error) {
	i := &instance{exited: make(chan struct{}), said: said}
	if err := l.start(i); err != nil {
		return nil, fmt.Errorf("%w: %w", errStart, err)
	}
	i.conn, i.clock.pipe = link.NewConn(i.pipes), i.stdout
	l.pids.Store(i.pid(), nil)
	lowerPriority(i.pid())
	l.running.Go(func() {
		i.wait()
		l.pids.Delete(i.pid())
		close(i.exited)
		i.release()
	})
	defer context.AfterFunc(ctx, func() { i.kill(context.Cause(ctx)) })()
	i.stdin.SetWriteDeadline(time.Now().Add(loadTime))
	if err := link.WriteSpec(i.stdin, l.memory, spec); err != nil {
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
	if err != nil {
		return err
	}
	defer closeAll(theirs)
	if err := i.cmd.Start(); err != nil {
		i.pipes.Close()
		return err
	}
	return nil
}

// connect makes the pipes. It returns the worker's ends, which are to be closed
// after the start.
func (i *instance) connect() (theirs []*os.File, err error) {
	var ours []*os.File
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(append(ours, theirs...))
			return nil, err
		}
		ours, theirs = append(ours, r), append(theirs, w)
	}
	ours[0], theirs[0] = theirs[0], ours[0] // standard input goes the other way
	enlarge(theirs[1])
	i.cmd.Stdin, i.cmd.Stdout, i.cmd.Stderr = theirs[0], theirs[1], theirs[2]
	i.pipes = pipes{stdin: ours[0], stderr: ours[2], stdout: &timedPipe{pipe: ours[1], end: func() { i.cmd.Process.Kill() }}}
	return theirs, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
