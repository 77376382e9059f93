package plugins

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mts/core"
)

const tool = `
import ("bufio"; "errors"; "fmt"; "io"; "mts/core")

func Commands() []core.Command {
	return []core.Command{
		{Verb: "ECHO", Args: "[TEXT]", Help: "says it again", Open: true, Run: echo},
		{Verb: "ASK", Run: ask},
		{Verb: "LINES", Args: "PATH", Run: lines},
		{Verb: "CAT", Args: "PATH", Run: cat},
		{Verb: "TAKE", Args: "PATH", Run: take},
		{Verb: "SKIP", Args: "PATH", Run: skip},
		{Verb: "PART", Args: "PATH", Run: part},
		{Verb: "LIST", Args: "PATH", Run: list},
		{Verb: "KEEP", Args: "TEXT", Run: keep},
		{Verb: "KEPT", Run: kept},
		{Verb: "TOLD", Run: func(c *core.Call) error { return core.Errorf(core.CodeRange, "out of %s", "range") }},
		{Verb: "PLAIN", Run: func(c *core.Call) error { return errors.New("plain") }},
		{Verb: "USAGE", Run: func(c *core.Call) error { return core.ErrUsage }},
		{Verb: "WRAP", Run: func(c *core.Call) error { return fmt.Errorf("wrapped: %w", core.Errorf(core.CodeBusy, "busy")) }},
		{Verb: "LATE", Run: func(c *core.Call) error { late = c; return nil }},
		{Verb: "SAYLATE", Run: func(c *core.Call) error { _, err := late.Write([]byte("late")); late.Reply("late"); c.Printf("%v", err); return nil }},
	}
}

var late *core.Call

func echo(c *core.Call) error { c.Printf("%s", c.Arg()); c.Reply("%d%%", 100); c.Fact("n", "1"); return nil }

func ask(c *core.Call) error {
	s := c.Session()
	n, err := c.Notify("user=bob", "hi")
	c.Logf("note %d", 1)
	c.Printf("%d %s %s %v %d|%d|%d %v", s.ID, s.User, s.Remote, s.TLS, s.Since.Unix(), len(c.Sessions()), n, err)
	return nil
}

func lines(c *core.Call) error {
	f, err := c.Open(c.Arg())
	if err != nil {
		return err
	}
	defer f.Close()
	n, s := 0, bufio.NewScanner(f)
	for s.Scan() {
		n++
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	c.Printf("%d %d %s", n, info.Size(), info.Name())
	return s.Err()
}

func cat(c *core.Call) error {
	f, err := c.Open(c.Arg())
	if err != nil {
		return err
	}
	_, err = c.Send(f)
	return err
}

type upper struct{ r io.Reader }

func (u upper) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	for i := 0; i < n; i++ {
		if p[i] >= 'a' && p[i] <= 'z' {
			p[i] -= 32
		}
	}
	return n, err
}

func take(c *core.Call) error {
	f, err := c.Open(c.Arg())
	if err != nil {
		return err
	}
	n, err := c.Send(upper{f})
	c.Reply("%d", n)
	return err
}

func skip(c *core.Call) error {
	f, err := c.Open(c.Arg())
	if err != nil {
		return err
	}
	p := make([]byte, 2)
	if _, err := io.ReadFull(f, p); err != nil {
		return err
	}
	_, err = c.Send(f)
	return err
}

func part(c *core.Call) error {
	f, err := c.Open(c.Arg())
	if err != nil {
		return err
	}
	r, ok := f.(io.ReaderAt)
	if !ok {
		return errors.New("no ReaderAt")
	}
	_, err = c.Send(io.NewSectionReader(r, 1, 3))
	return err
}

func list(c *core.Call) error {
	all, err := c.List(c.Arg())
	if err != nil {
		return err
	}
	for _, i := range all {
		c.Printf("%s ", i.Name)
	}
	i, err := c.Stat("/a.txt")
	c.Printf("%s %d %s", i.Name, i.Size, i.ETag)
	return err
}

func keep(c *core.Call) error { return c.Save("text", c.Arg()) }
func kept(c *core.Call) error { v, ok := c.Load("text"); c.Printf("%s %v", v, ok); return nil }
`

// exports is a folder to serve.
func exports(t testing.TB) fs.FS {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("one\ntwo\nthree\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return os.DirFS(dir)
}

// What a script asks of its call reaches the host, and the answers it.
func TestCallReachesTheHost(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"tool": tool})
	for _, test := range []struct{ verb, arg, out, text, send string }{
		{"ECHO", "a \xff b", "a \xff b", "100%", ""},
		{"ECHO", "\n#OK.\n$5", "\n#OK.\n$5", "100%", ""},
		{"ASK", "", "7 ann 192.0.2.1:5 true 1000000000|2|3 <nil>", "", ""},
		{"LINES", "/a.txt", "3 14 a.txt", "", ""},
		{"CAT", "/a.txt", "one\ntwo\nthree\n", "", "*os.File"},
		{"TAKE", "/a.txt", "ONE\nTWO\nTHREE\n", "14", "*plugins.flow"},
		{"SKIP", "/a.txt", "e\ntwo\nthree\n", "", "*io.SectionReader"},
		{"PART", "/a.txt", "ne\n", "", "*io.SectionReader"},
		{"LIST", ".", "a.txt a.txt 14 e", "", ""},
		{"KEPT", "", " false", "", ""},
		{"KEEP", "this", "", "", ""},
		{"KEPT", "", "this true", "", ""},
	} {
		h := &client{files: exports(t)}
		if err := b.call(t.Context(), h, test.verb, test.arg); err != nil {
			t.Errorf("%s %q: %v", test.verb, test.arg, err)
		}
		if h.out.String() != test.out || h.text != test.text || h.sent != test.send {
			t.Errorf("%s %q: %q, text %q, sent %q; want %q, %q, %q", test.verb, test.arg, h.out.String(), h.text, h.sent, test.out, test.text, test.send)
		}
	}
}

func TestErrorsCross(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"tool": tool})
	b.want("TOLD", core.CodeRange)
	b.want("WRAP", core.CodeBusy)
	for verb, want := range map[string]error{"USAGE": core.ErrUsage, "CAT": fs.ErrNotExist} {
		if err := b.call(t.Context(), new(client), verb, "/none"); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", verb, err, want)
		}
	}
	if err := b.call(t.Context(), new(client), "PLAIN", ""); err == nil || err.Error() != "plain" || failure(err) != "" {
		t.Errorf("PLAIN: %v, want its own words", err)
	}
}

// A call that has ended can't write any more, neither to its own client nor to
// that of the next.
func TestOutputIsRevoked(t *testing.T) {
	b := newBench(t, Config{Instances: 1}, map[string]string{"tool": tool})
	b.must("LATE", "")
	if out := b.must("SAYLATE", ""); out != "the call has ended" {
		t.Errorf("a late write gave %q", out)
	}
}

func TestDescribed(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"tool": tool})
	c := b.verbs["ECHO"]
	if c.Args != "[TEXT]" || c.Help != "says it again" || !c.Open || b.verbs["ASK"].Open {
		t.Errorf("ECHO is %+v", c)
	}
	b.must("ECHO", "x")
	st := b.status("tool")
	if st.State != "running" || st.PID == 0 || st.Calls != 1 || st.Failures != 0 || len(st.Verbs) != 16 || st.Version == "" || st.Error != "" {
		t.Errorf("status is %+v", st)
	}
}

// A session that ends has its call end too, with the session's cause.
func TestCallEndsWithItsSession(t *testing.T) {
	b := newBench(t, Config{Timeout: time.Minute}, map[string]string{"spin": `
import "mts/core"
func Commands() []core.Command { return []core.Command{
	{Verb: "SPIN", Run: func(c *core.Call) error { for { } }},
	{Verb: "WAIT", Run: func(c *core.Call) error { <-c.Context().Done(); return nil }},
	{Verb: "OK", Run: func(c *core.Call) error { return nil }},
} }`})
	for _, verb := range []string{"SPIN", "WAIT"} {
		kicked := errors.New("kicked")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(20*time.Millisecond, func() { cancel(kicked) })
		if err := b.call(ctx, new(client), verb, ""); verb == "SPIN" && !errors.Is(err, kicked) {
			t.Errorf("%s: %v, want the session's cause", verb, err)
		}
		b.must("OK", "")
	}
	if strings.Contains(b.log.String(), "event=died") {
		t.Error("a worker died of it")
	}
}

// A plugin may send so many notices a second, and no more.
func TestNoticesAreBounded(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"loud": `
import "mts/core"
func Commands() []core.Command { return []core.Command{{Verb: "SHOUT", Run: func(c *core.Call) error {
	for i := 0; i < 1000; i++ { if _, err := c.Notify("", "hey"); err != nil { return err } }
	return nil
}}} }`})
	h := new(client)
	if err := b.call(t.Context(), h, "SHOUT", ""); err == nil || err.Error() != errNotices.Error() || len(h.notes) < noticesBurst {
		t.Errorf("%v after %d notices, want %v after %d", err, len(h.notes), errNotices, noticesBurst)
	}
}

// One that writes to a client that is gone is told.
func TestClientGone(t *testing.T) {
	b := newBench(t, Config{}, map[string]string{"talk": `
import "mts/core"
func Commands() []core.Command { return []core.Command{{Verb: "TALK", Run: func(c *core.Call) error {
	for { if _, err := c.Write(make([]byte, 1000)); err != nil { return err } }
}}} }`})
	if err := b.call(t.Context(), &client{fail: errors.New("gone")}, "TALK", ""); err == nil || err.Error() != "gone" {
		t.Errorf("%v, want gone", err)
	}
}
