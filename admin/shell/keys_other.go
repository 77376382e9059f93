//go:build !unix

package shell

import (
	"context"
	"io"
	"os"
)

// keys returns a channel without bytes: only Ctrl-C ends a screen here.
func keys(ctx context.Context, _ io.Reader) <-chan byte {
	c := make(chan byte)
	go func() {
		<-ctx.Done()
		close(c)
	}()
	return c
}

// resizes returns no channel: the next refresh uses the new size.
func resizes() (c chan os.Signal, stop func()) { return nil, func() {} }
