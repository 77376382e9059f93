package client_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mts/core"
	"mts/core/client"
	"mts/core/wire"
)

const greeting = "#Server Ready.\r\n#Mode is BLOCK.\r\n"

// pretend returns a connection to a server that says hello, and then, to each
// line, the next of answers, and is silent after the last one unless that is
// "cut".
func pretend(t testing.TB, hello string, answers ...string) (*client.Conn, error) {
	t.Helper()
	near, far := net.Pipe()
	far.SetDeadline(time.Now().Add(20 * time.Second))
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer far.Close()
		r := bufio.NewReader(far)
		r.ReadString('\n')
		io.WriteString(far, hello)
		for _, answer := range answers {
			if _, err := r.ReadString('\n'); err != nil || answer == "cut" {
				return
			}
			io.WriteString(far, answer)
		}
		io.Copy(io.Discard, r)
	}()
	c, err := client.Dial(t.Context(), "mts+plain://test", client.Options{
		Timeout: 100 * time.Millisecond,
		Dial:    func(context.Context, string, string) (net.Conn, error) { return near, nil },
	})
	t.Cleanup(func() {
		near.Close()
		<-done
	})
	return c, err
}

func TestHostileGreeting(t *testing.T) {
	for name, hello := range map[string]string{
		"silence":           "",
		"refusal":           "!Too many connections.\r\n",
		"other protocol":    "220 ready\r\n",
		"data":              "$5\r\nhello#OK.\r\n",
		"endless":           strings.Repeat("#", 1<<20),
		"no block mode":     "#Server Ready.\r\n!Invalid command.\r\n",
		"reply to nothing":  greeting + "#[bytes=0 size=0] File x sent successfully.\r\n",
		"too many notices":  strings.Repeat("*news\r\n", 2000) + greeting,
		"half of the words": "#Server",
	} {
		_, err := pretend(t, hello)
		if !errors.Is(err, client.ErrConnect) {
			t.Errorf("%s: %v, want ErrConnect", name, err)
		}
	}
}

func TestHostileFile(t *testing.T) {
	const ok = "#[bytes=5 size=5] File x sent successfully.\r\n"
	tests := []struct {
		name   string
		answer string
		want   error
	}{
		{"honest", "$5\r\nhello" + ok, nil},
		{"in pieces", "$1\r\nh$4\r\nello" + ok, nil},
		{"short", "$4\r\nhell" + ok, client.ErrIntegrity},
		{"long", "$6\r\nhello!" + ok, client.ErrIntegrity},
		{"none", ok, client.ErrIntegrity},
		{"part of it", "$5\r\nhello#[bytes=5 size=9] x\r\n", client.ErrIntegrity},
		{"no facts", "$5\r\nhello#File x sent successfully.\r\n", client.ErrIntegrity},
		{"negative size", "$5\r\nhello#[bytes=5 size=-5] x\r\n", client.ErrIntegrity},
		{"huge size", "$5\r\nhello#[bytes=5 size=99999999999999999999] x\r\n", client.ErrIntegrity},
		{"bad time", "$5\r\nhello#[bytes=5 size=5 modify=today] x\r\n", nil},
		{"size unknown", "$5\r\nhello#[bytes=5 size=0] x\r\n", nil},
		{"no size", "$5\r\nhello#[bytes=5] x\r\n", nil},
		{"negative block", "$-5\r\nhello" + ok, wire.ErrProtocol},
		{"huge block", "$99999999999\r\nhello" + ok, wire.ErrProtocol},
		{"endless line", "#" + strings.Repeat("x", 1<<20), wire.ErrProtocol},
		{"noise", "hello", client.ErrLost},
		{"stall", "$5\r\nhel", client.ErrLost},
		{"silence", "", client.ErrLost},
		{"cut", "cut", client.ErrLost},
		{"refusal", "![code=busy] Later.\r\n", &core.Error{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := pretend(t, greeting, test.answer)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Fetch(t.Context(), "x", io.Discard)
			var told *core.Error
			if !errors.Is(err, test.want) && !(errors.As(err, &told) && errors.As(test.want, &told)) {
				t.Errorf("%v, want %v", err, test.want)
			}
			lost := errors.Is(err, client.ErrLost)
			if (c.Err() != nil) != lost {
				t.Errorf("the connection is %v after %v", c.Err(), err)
			}
		})
	}
}

func TestHostileReplies(t *testing.T) {
	tests := []struct {
		name   string
		answer string
		call   func(*client.Conn) error
		want   error
	}{
		{"more than asked for", "$6\r\nhello!", func(c *client.Conn) error {
			_, err := c.FetchPart(t.Context(), "x", 0, 5, io.Discard)
			return err
		}, wire.ErrProtocol},
		{"less than asked for", "$4\r\nhell#[bytes=4 size=9] x\r\n", func(c *client.Conn) error {
			_, err := c.FetchPart(t.Context(), "x", 0, 5, io.Discard)
			return err
		}, client.ErrIntegrity},
		{"no facts", "#OK.\r\n", stat, wire.ErrProtocol},
		{"facts without a name", "$12\r\ntype=file; \n#OK.\r\n", stat, wire.ErrProtocol},
		{"name with a control character", "$14\r\ntype=file; \x1b[m\n#OK.\r\n", stat, wire.ErrProtocol},
		{"facts without an end", "$16777216\r\n", stat, wire.ErrProtocol},
		{"negative size", "$17\r\ntype=file;size=-1; x\n#OK.\r\n", stat, wire.ErrProtocol},
		{"no hash", "$5\r\nhello#OK.\r\n", func(c *client.Conn) error {
			_, err := c.Hash(t.Context(), "x")
			return err
		}, wire.ErrProtocol},
	}
	for _, test := range tests {
		c, err := pretend(t, greeting, test.answer)
		if err != nil {
			t.Fatal(err)
		}
		if err := test.call(c); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func stat(c *client.Conn) error {
	_, err := c.Stat(context.Background(), "x")
	return err
}

// A server that speaks while nobody asks is a liar, or says why it ends the
// session.
func TestUnasked(t *testing.T) {
	for answer, want := range map[string]error{
		"#OK.\r\n#OK.\r\n":  wire.ErrProtocol,
		"#OK.\r\n$5\r\n":    wire.ErrProtocol,
		"#OK.\r\n!No.\r\n":  wire.ErrProtocol,
		"#OK.\r\n*News\r\n": nil,
	} {
		c, err := pretend(t, greeting, answer, "#Again.\r\n")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do(t.Context(), "NOOP", io.Discard); err != nil {
			t.Errorf("%q: %v", answer, err)
		}
		if _, err := c.Do(t.Context(), "NOOP", io.Discard); !errors.Is(err, want) {
			t.Errorf("%q, then: %v, want %v", answer, err, want)
		}
	}
	c, err := pretend(t, greeting, "#OK.\r\n![code=kicked] Disconnected: bye\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), "NOOP", io.Discard); err != nil {
		t.Error(err)
	}
	_, err = c.Do(t.Context(), "NOOP", io.Discard)
	if code(err) != core.CodeKicked || !errors.Is(err, client.ErrLost) {
		t.Errorf("after a kick: %v", err)
	}
}
