package plugins

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"mts/core"
	"mts/plugins/internal/link"
)

const (
	// grace is how long a stopped script has to end before its worker is killed.
	grace     = 500 * time.Millisecond
	closeTime = time.Second
	loadTime  = 5 * time.Second
)

// An instance is a worker process that runs, and the parent's end of the link
// to it. One goroutine at a time calls in it.
type instance struct {
	pipes
	cmd    *exec.Cmd
	conn   *link.Conn
	said   *lines
	lacks  string        // what the system couldn't give it
	exited chan struct{} // closed when the process is gone
	err    error         // how; valid from then on
	began  time.Time     // when the plugin was loaded
	since  time.Time     // that it is idle

	// reading is held while somebody waits for frames, of which there may be some
	// when the process is gone.
	reading sync.Mutex
	clock
	call uint32 // the number of the call that runs, or ran last

	mu     sync.Mutex
	killed error // why it was killed
	ended  bool  // it isn't needed any more
}

func (i *instance) pid() int { return i.cmd.Process.Pid }

// wait waits until the process is gone and its last words are read.
func (i *instance) wait() {
	ctx, exit := context.WithCancel(context.Background())
	read := make(chan struct{})
	go func() {
		defer close(read)
		i.said.copy(ctx, i.stderr)
	}()
	i.err = i.cmd.Wait()
	exit()
	i.stderr.SetReadDeadline(time.Now().Add(closeTime)) // if somebody else holds the pipe
	<-read
	i.stdin.Close()
	i.stderr.Close()
}

// release gives back what is left when the process is gone.
func (i *instance) release() {
	i.reading.Lock()
	defer i.reading.Unlock()
	i.stdout.Close()
}

// waitLoaded waits until the plugin is loaded, or not. Its error is for the operator.
func (i *instance) waitLoaded(ctx context.Context) (link.Ready, error) {
	i.reading.Lock()
	defer i.reading.Unlock()
	i.stdout.SetReadDeadline(time.Now().Add(loadTime))
	stop := context.AfterFunc(ctx, func() { i.kill(context.Cause(ctx)) })
	f, err := i.conn.Receive()
	i.stdout.SetReadDeadline(time.Time{})
	stop()
	texts := link.Texts(f.Payload)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return link.Ready{}, fmt.Errorf("the plugin takes longer than %v to load", loadTime)
	case err != nil:
		return link.Ready{}, i.lost(err)
	case f.Op != link.Loaded:
		return link.Ready{}, errProtocol
	}
	ready := texts.Ready()
	i.began = time.Now()
	return ready, ready.Err
}

// stop stops the script whose call runs. It reports whether the worker loads
// the plugin anew then; if not, it has been killed.
func (i *instance) stop(why *core.Error) bool {
	i.reading.Lock()
	defer i.reading.Unlock()
	end := time.Now().Add(grace)
	i.stdin.SetWriteDeadline(end)
	i.stdout.SetReadDeadline(end)
	err := i.conn.Send(link.Kill, i.call, link.ErrorTexts(why)...)
	for err == nil {
		var f link.Frame
		if f, err = i.conn.Receive(); f.Op == link.Done {
			return true
		}
	}
	i.kill(fmt.Errorf("killed, because a stopped call went on: %w", why))
	return false
}

// retire calls the plugin's Close and ends the process.
func (i *instance) retire() {
	i.markEnded()
	i.close()
	_ = i.abandon(nil)
}

// close calls the plugin's Close.
func (i *instance) close() {
	i.reading.Lock()
	defer i.reading.Unlock()
	i.begin(closeTime)
	err := i.send(closeTime, link.Call, link.KindClose)
	for err == nil {
		var f link.Frame
		if f, err = i.receive(); f.Op == link.Done {
			return
		}
	}
}

func (i *instance) markEnded() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ended = true
}

// abandon has the process end, by force if need be, and waits until it is gone.
// It returns err.
func (i *instance) abandon(err error) error {
	i.markEnded()
	i.stdin.Close()
	defer time.AfterFunc(closeTime, func() { i.cmd.Process.Kill() }).Stop()
	<-i.exited
	return err
}

// kill ends the process by force.
func (i *instance) kill(why error) {
	i.mu.Lock()
	if i.killed == nil {
		i.killed = why
	}
	i.mu.Unlock()
	i.cmd.Process.Kill()
}

// reason returns nil if the process was meant to end, or else why it has ended.
func (i *instance) reason() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch fatal := i.said.fatal(); {
	case i.ended:
		return nil
	case i.killed != nil:
		return i.killed
	case fatal != "":
		return errors.New(fatal)
	case i.err != nil:
		return i.err
	}
	return errors.New("the worker ended by itself")
}

// lost explains a broken link: most often the process has died.
func (i *instance) lost(err error) error {
	select {
	case <-i.exited:
		if reason := i.reason(); reason != nil {
			return fmt.Errorf("the worker died: %w", reason)
		}
	case <-time.After(closeTime):
	}
	return err
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
