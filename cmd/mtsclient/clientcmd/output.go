package clientcmd

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

var errOutput = errors.New("write output")

// An output is a writer that several goroutines may use, and that keeps its first
// error: what was lost is said once, at the end.
type output struct {
	mu  sync.Mutex
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	if err != nil {
		o.err = fmt.Errorf("%w: %w", errOutput, err)
	}
	return n, o.err
}

// failed returns the first error.
func (o *output) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
