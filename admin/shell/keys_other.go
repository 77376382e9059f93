//go:build !unix

package shell

import (
	"context"
	"io"
	"os"
)

// keys returns nothing: here Ctrl-C alone ends a screen.
func keys(ctx context.Context, _ io.Reader) <-chan byte {
	c := make(chan byte)
	go func() {
		<-ctx.Done()
		close(c)
	}()
	return c
}

// resizes returns nothing: the next refresh finds the new size.
func resizes() (c chan os.Signal, stop func()) { return nil, func() {} }
