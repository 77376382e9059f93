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

// maxPassword is the most bytes of a password file that are read.
const maxPassword = wire.MaxLine

// password returns how to get at the password: from the file that
// MTS_PASSWORD_FILE names, from MTS_PASSWORD, or from a prompt, which is shown
// once. Without any, a client certificate may do: nil is returned then.
func (a *app) password(ctx context.Context) (func() (string, error), error) {
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
	line = strings.TrimRight(line, "\r\n")
	if err != nil && err != io.EOF || line == "" {
		return "", fmt.Errorf("%w: MTS_PASSWORD_FILE: no password in %s", client.ErrLogin, file)
	}
	return line, nil
}

// prompt asks for the password without showing it.
func (a *app) prompt(ctx context.Context, fd int) (string, error) {
	fmt.Fprintf(a.stderr, "Password of %s at %s: ", wire.Printable(a.account()), wire.Printable(a.server))
	if state, err := term.GetState(fd); err == nil {
		defer context.AfterFunc(ctx, func() { // the read can't be called off
			term.Restore(fd, state)
			fmt.Fprintln(a.stderr)
			os.Exit(exitSome)
		})()
	}
	b, err := term.ReadPassword(fd)
	fmt.Fprintln(a.stderr)
	if err != nil {
		return "", fmt.Errorf("%w: read password: %w", client.ErrLogin, err)
	}
	if len(b) == 0 {
		return "", fmt.Errorf("%w: %w", client.ErrLogin, errors.New("no password given"))
	}
	return string(b), nil
}

// ask decides about a new server: --trust says yes, and so may the user.
func (a *app) ask(hostport, pin string) bool {
	_, ok := terminal(a.stdin)
	if a.trust || !ok {
		return a.trust
	}
	fmt.Fprintf(a.stderr, "%s is not known. Its key is\n  %s\nTrust it from now on? (yes/no) ", wire.Printable(hostport), pin)
	return strings.EqualFold(a.answer(), "yes")
}

// answer reads a short line from stdin and nothing behind it.
func (a *app) answer() string {
	var line []byte
	for b := make([]byte, 1); len(line) < 16; {
		if _, err := io.ReadFull(a.stdin, b); err != nil || b[0] == '\n' {
			break
		}
		line = append(line, b[0])
	}
	return strings.TrimSpace(string(line))
}

// terminal returns the descriptor of a stream that is a terminal.
func terminal(stream any) (fd int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok {
		return 0, false
	}
	fd = int(f.Fd())
	return fd, term.IsTerminal(fd)
}
