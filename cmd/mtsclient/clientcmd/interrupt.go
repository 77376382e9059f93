package clientcmd

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

var errInterrupted = errors.New("interrupted")

// An interruption is the signal that ends a run.
type interruption struct {
	signals chan os.Signal
	stop    context.CancelCauseFunc
	done    chan os.Signal // the first signal
}

// interruptible returns a context that the first SIGINT or SIGTERM ends, so that
// the run cleans up. A second one ends the program at once.
func interruptible() (context.Context, *interruption) {
	ctx, stop := context.WithCancelCause(context.Background())
	i := &interruption{signals: make(chan os.Signal, 2), stop: stop, done: make(chan os.Signal, 1)}
	signal.Notify(i.signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		first, ok := <-i.signals
		if !ok {
			return
		}
		i.done <- first
		stop(errInterrupted)
		if second, ok := <-i.signals; ok {
			die(second)
		}
	}()
	return ctx, i
}

// end stops waiting for signals. After a signal, the program dies of it, as the
// shell that started it expects.
func (i *interruption) end() {
	signal.Stop(i.signals)
	close(i.signals)
	i.stop(nil)
	select {
	case first := <-i.done:
		die(first)
	default:
	}
}
