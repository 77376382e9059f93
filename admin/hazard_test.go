package admin_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"mts/admin"
)

// dialSocket dials the socket and reads the greeting.
func dialSocket(t testing.TB, path string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("unix", path)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	r := bufio.NewReader(conn)
	wantLine(t, r, "#Server Ready.")
	return conn, r
}

func wantLine(t testing.TB, r *bufio.Reader, want string) {
	t.Helper()
	if line, err := r.ReadString('\n'); err != nil || line != want+"\r\n" {
		t.Fatalf("got %q, %v; want %q", line, err, want)
	}
}

// Every input is answered by a line. The session goes on until too many bytes come
// without a line end.
func TestLines(t *testing.T) {
	h := newTestServer(t, nil)
	conn, r := dialSocket(t, h.socket())
	for _, test := range [][2]string{
		{"", "![code=unknown-command] Invalid command."},
		{"kick all\x1b", "![code=unknown-command] Invalid command."},
		{"MODE STREAM", "![code=unknown-command] Invalid command."},
		{"MODE BLOCK", "#Mode is BLOCK."},
		{"sessions 'open", "![code=usage] a quote isn't closed."},
		{"sessions; stats", "![code=unknown-command] Invalid command."},
		{"message all a; stats", "![code=usage] One command a line."},
		{"kick 99999999999999999999", "![code=usage] filter \"99999999999999999999\": not of the form name=value."},
		{strings.Repeat("x", 5000), "![code=line-too-long] Line too long."},
		{"sessions user=\xff", "#OK."},
		{"SESSIONS", "#OK."},
	} {
		fmt.Fprintf(conn, "%s\r\n", test[0])
		wantLine(t, r, test[1])
	}
	go conn.Write(make([]byte, 100<<10))
	wantLine(t, r, "![code=line-too-long] Line too long.")
	if _, err := r.ReadByte(); err == nil {
		t.Error("the session goes on")
	}
}

// A console that closes its sending half still gets the answers.
func TestHalfClose(t *testing.T) {
	h := newTestServer(t, nil)
	conn, r := dialSocket(t, h.socket())
	fmt.Fprint(conn, strings.Repeat("SESSIONS\n", 10))
	must(t, conn.(*net.UnixConn).CloseWrite())
	for range 10 {
		wantLine(t, r, "#OK.")
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("got %v", err)
	}
}

// Consoles that read neither events nor answers delay nobody else.
func TestConsolesThatDoNotRead(t *testing.T) {
	h := newTestServer(t, nil)
	path := h.socket()
	for range 8 {
		conn, _ := dialSocket(t, path)
		fmt.Fprint(conn, "EVENTS\n")
		other, _ := dialSocket(t, path)
		go other.Write([]byte(strings.Repeat("STATS\n", 100000)))
	}
	for range 300 {
		h.connect("ann").Close()
	}
	eventually(t, "all gone", func() bool { return len(h.Sessions()) == 0 })
}

// A console that has disconnected no longer counts as one.
func TestConsolesThatDisconnect(t *testing.T) {
	h := newTestServer(t, nil)
	path := h.socket()
	h.connect("ann")
	for _, command := range []string{"EVENTS", "WAIT all timeout=1h"} {
		for range 100 {
			var conn net.Conn
			eventually(t, "a place", func() (served bool) {
				var err error
				conn, err = net.Dial("unix", path)
				must(t, err)
				line, _ := bufio.NewReader(conn).ReadString('\n')
				if served = strings.HasPrefix(line, "#"); !served {
					conn.Close()
				}
				return served
			})
			fmt.Fprintf(conn, "%s\n", command)
			conn.Close()
		}
	}
}

// Names with control characters are printable wherever they are shown, and keep
// their value.
func TestHostileNames(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		name := "x\u202ey\u2066z\U000e0041"
		must(t, os.WriteFile(filepath.Join(h.dir, name), make([]byte, 1<<20), 0o600))
		var mu sync.Mutex
		var shown []string
		go func() {
			rows, _ := do(c, "events")
			mu.Lock()
			defer mu.Unlock()
			shown = append(shown, rows...)
		}()
		g := h.connect("e\u202eve")
		g.Write([]byte("FILE " + name + "\r\n"))
		eventually(t, "sending", func() bool {
			all, _ := c.Sessions(t.Context(), "state=sending")
			return len(all) == 1 && all[0].Path == "/"+name && all[0].User == "e\u202eve"
		})
		for _, words := range [][]string{
			{"sessions"}, {"show", "1"}, {"ban", "user=" + "a\u202eb", "reason=" + "\u2066"}, {"bans"},
			{"kick", "1", "reason=\u202ebye"}, {"kick", "user=\u202e"},
		} {
			rows, err := do(c, words...)
			shown = append(shown, rows...)
			if err != nil {
				shown = append(shown, err.Error())
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for _, text := range append(shown, h.log.String()) {
			if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) }); i >= 0 {
				t.Errorf("a raw character in %q", text)
			}
		}
		if bans, err := c.Bans(t.Context()); err != nil || bans[0].Target != "user=a\u202eb" || bans[0].Reason != "\u2066" {
			t.Errorf("got %+v, %v", bans, err)
		}
	})
}

// The log has a line for each change: who did what.
func TestAudit(t *testing.T) {
	onPipeAndSocket(t, nil, func(t *testing.T, h *testServer, c *admin.Client) {
		h.connect("ann")
		h.connect("ann")
		do(c, "kick", "user=ann", "reason=two words")
		do(c, "kick", "99")
		do(c, "log", "level", "info")
		do(c, "sessions")
		do(c, "limit")
		do(c, "bans")
		var lines []string
		for line := range strings.Lines(h.log.String()) {
			if strings.Contains(line, "msg=admin") {
				lines = append(lines, line)
			}
		}
		who := fmt.Sprintf("uid=%d pid=%d name=", os.Geteuid(), os.Getpid())
		for i, want := range []string{
			`command="kick user=ann 'reason=two words'" affected=2 ids="[1 2]"`,
			`command="kick 99" code=not-found err="There is no session 99."`,
			`command="log level info" affected=1 ids=[]`,
		} {
			if len(lines) != 3 || !strings.Contains(lines[i], want) || !strings.Contains(lines[i], who) {
				t.Fatalf("got %q; want %s, %s", lines, who, want)
			}
		}
	})
}

// A plane that is closed tells its consoles, and accepts no more.
func TestClose(t *testing.T) {
	h := newTestServer(t, nil)
	path := h.socket()
	_, idle := dialSocket(t, path)
	watching, events := dialSocket(t, path)
	fmt.Fprint(watching, "EVENTS\n")
	h.Plane.Close()
	wantLine(t, idle, "![code=shutting-down] Server is shutting down.")
	wantLine(t, events, "![code=shutting-down] Server is shutting down.")
	if _, err := admin.Dial(t.Context(), path); err == nil {
		t.Error("there still is a socket")
	}
	if _, err := admin.NewClient(t.Context(), h.Plane.Dial); err == nil {
		t.Error("there still is a pipe")
	}
}
