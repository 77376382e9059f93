// Package output notices output that can't be written, on a full disk for example,
// wherever a program writes it.
package output

import (
	"errors"
	"io"
	"sync"
)

// ErrWrite is what every error of a Writer wraps.
var ErrWrite = errors.New("write output")

// A Writer writes to another writer until that fails, and keeps the error. Several
// goroutines may use it.
type Writer struct {
	mu  sync.Mutex
	w   io.Writer
	err error
}

// New returns a Writer to w, or w if it is one already.
func New(w io.Writer) *Writer {
	if o, ok := w.(*Writer); ok {
		return o
	}
	return &Writer{w: w}
}

// A writeError is the error of a write as an ErrWrite.
type writeError struct{ err error }

func (e *writeError) Error() string        { return ErrWrite.Error() + ": " + e.err.Error() }
func (e *writeError) Unwrap() error        { return e.err }
func (e *writeError) Is(target error) bool { return target == ErrWrite }

// Write writes to the other writer. Behind output that was lost it writes nothing,
// and returns the first error.
func (o *Writer) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	if err != nil {
		o.err = &writeError{err}
	}
	return n, o.err
}

// Err returns the first error.
func (o *Writer) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
