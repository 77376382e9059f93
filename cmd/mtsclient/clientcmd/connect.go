package clientcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"mts/core/client"
	"mts/core/wire"
)

// connect makes the first connection, and the links for more of them.
func (a *app) connect(ctx context.Context) (conn *client.Conn, err error) {
	if a.password, err = a.findPassword(ctx); err != nil {
		return nil, err
	}
	for range a.parallel {
		a.links = append(a.links, &link{dial: a.dial, left: a.newPersistence})
	}
	conn, err = a.links[0].connection(ctx)
	if unknown, ok := errors.AsType[*client.UnknownServer](err); ok {
		conn, err = a.connectNew(ctx, unknown)
		a.links[0] = &link{dial: a.dial, left: a.newPersistence, conn: conn}
	}
	return conn, err
}

func (a *app) closeLinks() {
	for _, l := range a.links {
		l.close()
	}
}

// connectNew connects to an unknown server if the user trusts it, and adds it to
// the known servers once it has proved that it has the key.
func (a *app) connectNew(ctx context.Context, unknown *client.UnknownServer) (*client.Conn, error) {
	if err := a.askTrust(ctx, unknown); err != nil {
		return nil, err
	}
	a.options.Pins = []string{unknown.Pin}
	conn, err := client.Dial(ctx, a.url(), a.options)
	if err != nil {
		return nil, err
	}
	if err := client.AddKnown(a.options.KnownHosts, unknown); err != nil {
		conn.Close()
		return nil, fmt.Errorf("%w: %w", client.ErrTLS, err)
	}
	return a.login(ctx, conn)
}

// askTrust returns nil if the user trusts the server, by --trust or by an answer.
func (a *app) askTrust(ctx context.Context, unknown *client.UnknownServer) error {
	if a.trust {
		return nil
	}
	answer := "no"
	if _, ok := terminal(a.stdin); ok {
		fmt.Fprintf(a.stderr, "%s is not known. Its key is\n  %s\nTrust it from now on? (yes/no) ", wire.Printable(unknown.HostPort), unknown.Pin)
		var err error
		if answer, err = unlessDone(ctx, a.yesOrNo); err != nil {
			fmt.Fprintln(a.stderr)
			return err
		}
	}
	if answer != "yes" {
		return fmt.Errorf("%w: %w; trust it with --pin, or from now on with --trust", client.ErrTLS, unknown)
	}
	return nil
}

// yesOrNo asks until the answer is yes or no. An empty answer is no.
func (a *app) yesOrNo() (string, error) {
	for {
		switch answer := strings.ToLower(a.answer()); answer {
		case "yes", "no":
			return answer, nil
		case "":
			return "no", nil
		}
		fmt.Fprint(a.stderr, "Please answer yes or no: ")
	}
}

// answer reads a line from stdin, and nothing after it.
func (a *app) answer() string {
	var line []byte
	for b := make([]byte, 1); ; {
		if _, err := io.ReadFull(a.stdin, b); err != nil || b[0] == '\n' {
			return strings.TrimSpace(string(line))
		}
		if len(line) < 16 {
			line = append(line, b[0])
		}
	}
}
