package clientcmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"mts/core/client"
	"mts/core/wire"
)

// maxPassword limits the bytes of a password file that are read.
const maxPassword = wire.MaxLine

// findPassword returns a function for the password: from the file that
// MTS_PASSWORD_FILE names, from MTS_PASSWORD, or from a prompt, which is shown once.
// It returns nil if there is a client certificate and no password.
func (a *app) findPassword(ctx context.Context) (func() (string, error), error) {
	if file := os.Getenv("MTS_PASSWORD_FILE"); file != "" {
		password, err := readPassword(file)
		return func() (string, error) { return password, nil }, err
	}
	if password := os.Getenv("MTS_PASSWORD"); password != "" {
		return func() (string, error) { return password, nil }, nil
	}
	if a.cert != "" {
		return nil, nil
	}
	fd, ok := terminal(a.stdin)
	if !ok {
		return nil, fmt.Errorf("%w: no password: set MTS_PASSWORD_FILE or MTS_PASSWORD", client.ErrLogin)
	}
	return sync.OnceValues(func() (string, error) { return a.prompt(ctx, fd) }), nil
}

// readPassword returns the first line of a file.
func readPassword(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("%w: MTS_PASSWORD_FILE: %w", client.ErrLogin, err)
	}
	defer f.Close()
	line, err := bufio.NewReader(io.LimitReader(f, maxPassword)).ReadString('\n')
	line = strings.TrimRight(strings.TrimPrefix(line, byteOrderMark), "\r\n")
	if err != nil && !errors.Is(err, io.EOF) || line == "" {
		return "", fmt.Errorf("%w: MTS_PASSWORD_FILE: no password in %s", client.ErrLogin, file)
	}
	return line, nil
}

// prompt asks for the password without showing it.
func (a *app) prompt(ctx context.Context, fd int) (string, error) {
	fmt.Fprintf(a.stderr, "Password of %s at %s: ", wire.Printable(a.account()), wire.Printable(a.server))
	state, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("%w: read password: %w", client.ErrLogin, err)
	}
	password, err := unlessDone(ctx, func() (string, error) {
		b, err := term.ReadPassword(fd)
		return string(b), err
	})
	fmt.Fprintln(a.stderr)
	switch {
	case ctx.Err() != nil:
		term.Restore(fd, state)
		return "", err
	case err != nil:
		return "", fmt.Errorf("%w: read password: %w", client.ErrLogin, err)
	case password == "":
		return "", fmt.Errorf("%w: no password given", client.ErrLogin)
	}
	return password, nil
}

// unlessDone calls read, which can't be cancelled. If ctx ends first, unlessDone
// returns while read goes on.
func unlessDone(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	_, ok := terminal(stream)
	return ok
}

// terminal returns the descriptor of stream if that is a terminal.
func terminal(stream any) (fd int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok {
		return 0, false
	}
	fd = int(f.Fd())
	return fd, term.IsTerminal(fd)
}
