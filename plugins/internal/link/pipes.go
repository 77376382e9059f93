package link

import (
	"errors"
	"io"
)

// Pipes are the two directions between a worker and its server.
type Pipes struct {
	io.ReadCloser
	Out io.WriteCloser
}

// Write writes to Out.
func (p Pipes) Write(b []byte) (int, error) { return p.Out.Write(b) }

// Close closes both directions.
func (p Pipes) Close() error { return errors.Join(p.ReadCloser.Close(), p.Out.Close()) }
