package server_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"mts/core/server"
	"mts/core/wire"
)

// Whatever a client sends, before it has logged in, afterwards, and in block
// mode: the session comes to its end, and all that it says is well-formed.
func FuzzSession(f *testing.F) {
	for _, input := range []string{
		"NOOP\r\nnoop\nNOOP x\n\n", "AUTH wrong\nFILE setup.log\nAUTH passwd\nFILE setup.log", "USER ann\r\nAUTH\r\nAUTH  \r\n",
		"FILE c:\\setup.log\nFILE d:\\g5.doc\nSTAT /\nLIST\nLIST c:\nHASH setup.log\n", "PART 5 3 setup.log\nPART -1 + x\nPART 22 - setup.log",
		"FEAT\nHELP\nHELP quit\nOPTS NOTICES ON\nSTARTTLS\nQUIT now\nquit\nNOOP\n", "FILE \x1b[2J\nFILE \u202e\nFILE %s\nFILE \xff\n$5\n#OK.\n*x\n",
		strings.Repeat("x", 5000) + "\nNOOP\n", "HELP [code=x] y\nHELP ] \nFILE [a=b] c", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\n",
	} {
		for state := range byte(3) {
			f.Add(state, []byte(input))
		}
	}
	s := newServer(f, seedFiles(f), func(c *server.Config) { c.TLS = nil })
	f.Fuzz(func(t *testing.T, state byte, input []byte) {
		if bytes.Contains(bytes.ToUpper(input), []byte("MODE")) || len(input) > wire.MaxGarbage {
			return // the mode has to be known to tell data from replies
		}
		c := greet(t, pipe(t, s))
		defer c.Close()
		c.SetDeadline(time.Now().Add(10 * time.Second))
		if state %= 3; state > 0 {
			c.send("AUTH passwd")
			c.want("#You are logged in.")
		}
		if state == 2 {
			c.send("MODE BLOCK")
			c.want("#Mode is BLOCK.")
		}
		go c.Write(append(slices.Clip(input), "\nQUIT\n"...))
		if state == 2 {
			c.wantBlocks(replies(input))
		} else {
			c.wantShowable()
		}
	})
}

// replies returns how many there have to be.
func replies(input []byte) (n int) {
	for line := range strings.SplitSeq(string(input), "\n") {
		if strings.EqualFold(strings.TrimSuffix(line, "\r"), "QUIT") {
			break
		}
		n++
	}
	return n
}

// wantBlocks reads n well-formed replies of block mode and the end.
func (c *client) wantBlocks(n int) {
	c.t.Helper()
	r := wire.NewReplyReader(c.r)
	r.Notice = func(text string) { c.t.Errorf("unasked notice %q", text) }
	for i := 0; ; i++ {
		var data strings.Builder
		reply, err := r.ReadReply(&data, 1<<20)
		if err == io.EOF && i == n {
			return
		}
		if err != nil || !showable(reply.Text) || reply.OK == (reply.Fact("code") != "") {
			c.t.Fatalf("reply %d of %d is %+v, %v", i, n, reply, err)
		}
	}
}

// wantShowable reads lines that can be shown, the last of them a status line,
// and the end.
func (c *client) wantShowable() {
	c.t.Helper()
	all, err := io.ReadAll(c.r)
	if err != nil || len(all) > 0 && !bytes.HasSuffix(all, []byte("\r\n")) {
		c.t.Fatalf("got %q, %v; want whole lines", all, err)
	}
	for line := range bytes.Lines(all) {
		if text := strings.TrimRight(string(line), "\r\n"); !showable(text) {
			c.t.Fatalf("got %q", text)
		}
	}
}
