package shell

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"mts/admin"
)

// A fakeServer has canned answers, by command line. An answer is rows, or a
// failure if it begins with "!". It doesn't end if it ends in "…".
type fakeServer struct {
	answers map[string]string
	mu      sync.Mutex
	got     []string
}

func (f *fakeServer) dial(ctx context.Context) (*admin.Client, error) {
	return admin.NewClient(ctx, func(context.Context) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go f.serve(theirs)
		return ours, nil
	})
}

func (f *fakeServer) serve(conn net.Conn) {
	defer conn.Close()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		line := lines.Text()
		answer, ok := f.answers[line]
		if line != "MODE BLOCK" && line != "QUIT" {
			f.mu.Lock()
			f.got = append(f.got, line)
			f.mu.Unlock()
		}
		switch {
		case line == "MODE BLOCK":
			fmt.Fprint(conn, "#Server Ready.\r\n#Mode is BLOCK.\r\n")
		case !ok:
			fmt.Fprint(conn, "![code=unknown-command] Invalid command.\r\n")
		case strings.HasPrefix(answer, "!"):
			fmt.Fprintf(conn, "%s\r\n", answer)
		case answer == "":
			fmt.Fprint(conn, "#OK.\r\n")
		case strings.HasSuffix(answer, "…"): // and more to come
			if answer = strings.TrimSuffix(answer, "…"); answer != "" {
				fmt.Fprintf(conn, "$%d\r\n%s", len(answer), answer)
			}
		default:
			fmt.Fprintf(conn, "$%d\r\n%s#OK.\r\n", len(answer), answer)
		}
	}
}

// commands returns what the shell has sent.
func (f *fakeServer) commands() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.got)
}

// A testShell is a shell without a terminal, and its output.
type testShell struct {
	*Shell
	server   *fakeServer
	out, err bytes.Buffer
}

func newTestShell(t *testing.T, answers map[string]string) *testShell {
	t.Helper()
	b := &testShell{server: &fakeServer{answers: answers}}
	b.Shell = New(Options{Dial: b.server.dial, Stdin: strings.NewReader(""), Stdout: &b.out, Stderr: &b.err, Format: "table"})
	t.Cleanup(b.Close)
	return b
}

// script runs lines as a script and returns the exit code and what was shown.
func (b *testShell) script(lines string) (code int, out, err string) {
	b.out.Reset()
	b.err.Reset()
	code = b.Script(context.Background(), "x.mts", strings.NewReader(lines))
	return code, b.out.String(), b.err.String()
}

const twoSessions = `{"id":7,"user":"ann","remote":"10.0.0.7:5","client":"10.0.0.7","listener":"l","tls":true,"state":"sending","verb":"FILE","path":"/iso/a.iso","sent":450000000,"size":1000000000,"rate":12300000,"since":"2026-01-02T03:04:05Z","idle_ms":0,"waits_ms":1500,"commands":3,"bytes_out":450000100}
{"id":12,"user":"=cmd()","remote":"10.0.0.8:6","client":"10.0.0.8","listener":"l","tls":false,"state":"idle","verb":"","path":"\u001b[2J` + "\u009b\u202e" + `x","sent":0,"size":0,"rate":0,"since":"2026-01-02T03:04:05Z","idle_ms":65000,"waits_ms":0,"commands":1,"bytes_out":9}
`

func (f *fakeServer) refuse(ctx context.Context) (*admin.Client, error) {
	return admin.NewClient(ctx, func(context.Context) (net.Conn, error) { return nil, net.ErrClosed })
}
