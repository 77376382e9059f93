package plugins

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/hashicorp/yamux"

	"mts/core"
	"mts/plugins/internal/link"
)

// A worker is a running worker process.
type worker struct {
	of      *generation
	cmd     *exec.Cmd
	session *yamux.Session
	errors  *lines
	lacks   string        // what the system couldn't give it
	exited  chan struct{} // closed when the process is gone
	err     error         // how; valid from then on

	mu     sync.Mutex
	idle   []*slot
	killed error // why it was killed
}

var errStart = errors.New("start worker")

const (
	// grace is how long a stopped script has to end before its worker is killed.
	grace     = 200 * time.Millisecond
	closeTime = time.Second
)

// startWorker starts a process, as isolated as the system allows, and hands it
// the plugin.
func startWorker(g *generation) (*worker, error) {
	w := &worker{of: g, exited: make(chan struct{}), errors: &lines{plugin: g.of}}
	p, err := w.start(true)
	if err != nil {
		w.lacks = "no namespaces: " + err.Error()
		p, err = w.start(false)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errStart, err)
	}
	lower(w.cmd.Process.Pid)
	err = link.WriteSpec(p, g.spec)
	if err == nil {
		w.session, err = link.Parent(p)
	}
	if err != nil {
		w.cmd.Process.Kill()
		w.cmd.Wait()
		return nil, fmt.Errorf("%w: %w", errStart, err)
	}
	g.of.set.running.Go(w.wait)
	return w, nil
}

// start starts the process.
func (w *worker) start(isolated bool) (p link.Pipes, err error) {
	w.cmd = w.of.of.set.cfg.Command()
	w.cmd.Env, w.cmd.Dir, w.cmd.Stderr = []string{}, "/", w.errors
	w.cmd.WaitDelay = closeTime
	isolate(w.cmd, isolated)
	if p.Out, err = w.cmd.StdinPipe(); err != nil {
		return p, err
	}
	if p.ReadCloser, err = w.cmd.StdoutPipe(); err != nil {
		return p, err
	}
	return p, w.cmd.Start()
}

// wait ends when the process does. Its pipes tell first, so that the calls in
// it end at once.
func (w *worker) wait() {
	<-w.session.CloseChan()
	timer := time.AfterFunc(closeTime, func() { w.cmd.Process.Kill() })
	w.err = w.cmd.Wait()
	timer.Stop()
	w.session.Close()
	close(w.exited)
}

func (w *worker) pid() int { return w.cmd.Process.Pid }

// end has the process end, and waits until it is gone.
func (w *worker) end() {
	w.session.Close()
	<-w.exited
}

// kill ends the process by force.
func (w *worker) kill(why error) {
	w.mu.Lock()
	w.killed = why
	w.mu.Unlock()
	w.cmd.Process.Kill()
	w.session.Close()
}

// retire calls the plugin's Close in every instance and ends the process. No
// call may be in it any more.
func (w *worker) retire() {
	w.mu.Lock()
	idle := w.idle
	w.idle = nil
	w.mu.Unlock()
	var closing sync.WaitGroup
	for _, s := range idle {
		closing.Go(func() { s.retire() })
	}
	closing.Wait()
	w.end()
}

// reason says why the process has ended.
func (w *worker) reason() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.killed != nil {
		return w.killed
	}
	if fatal := w.errors.fatal(); fatal != "" {
		return errors.New(fatal)
	}
	if w.err != nil {
		return w.err
	}
	return errors.New("the worker ended by itself")
}

// take returns an idle instance, or opens one.
func (w *worker) take(timeout time.Duration) (*slot, error) {
	w.mu.Lock()
	if n := len(w.idle); n > 0 {
		s := w.idle[n-1]
		w.idle = w.idle[:n-1]
		w.mu.Unlock()
		return s, nil
	}
	w.mu.Unlock()
	s, _, err := w.open(timeout)
	return s, err
}

func (w *worker) put(s *slot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle = append(w.idle, s)
}

// open makes an instance. Its error is for the operator.
func (w *worker) open(timeout time.Duration) (*slot, link.Texts, error) {
	stream, err := w.session.OpenStream()
	if err != nil {
		return nil, nil, w.lost(err)
	}
	s := newSlot(w, stream)
	f, err := s.hello(timeout)
	texts := link.Texts(f.Payload)
	switch {
	case errors.Is(err, yamux.ErrTimeout):
		err = fmt.Errorf("the plugin takes longer than %v to load", timeout)
	case err != nil:
		err = w.lost(err)
	default:
		if err = texts.Err(); err == nil {
			return s, texts, nil
		}
		err = errors.New(trimFolder(err.Error()))
	}
	s.kill(core.Errorf(core.CodePluginFailed, "%s", err))
	return nil, nil, err
}

// lost explains a broken link: most often the process has died.
func (w *worker) lost(err error) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	select {
	case <-w.exited:
		return fmt.Errorf("the worker died: %w", w.reason())
	case <-ctx.Done():
		return err
	}
}

// memory returns the bytes that a process has in main memory, where the system
// has a /proc.
func memory(pid int) int64 {
	var size, resident int64
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err == nil {
		_, _ = fmt.Sscan(string(b), &size, &resident)
	}
	return resident * int64(os.Getpagesize())
}
