package link

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"mts/core"
)

func TestSpecCrosses(t *testing.T) {
	want := Spec{Name: "a", Sources: []byte("zip"), Settings: map[string]any{
		"n": int64(1), "f": 1.5, "s": "x", "b": true, "t": time.Unix(1e9, 0).UTC(),
		"list": []any{int64(1), "x"}, "table": map[string]any{"k": "v"}, "tables": []map[string]any{{"k": "v"}},
	}}
	var b bytes.Buffer
	if err := WriteSpec(&b, 7, want); err != nil {
		t.Fatal(err)
	}
	b.WriteString("rest")
	if memory, err := ReadMemory(&b); memory != 7 || err != nil {
		t.Errorf("the memory limit is %d, %v", memory, err)
	}
	got, err := ReadSpec(&b)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if b.String() != "rest" {
		t.Errorf("%q is left, want what followed", b.String())
	}
	if _, err := ReadSpec(strings.NewReader("\xff\xff\xff\xff")); err == nil {
		t.Error("a specification of 4 GiB was taken")
	}
}

func TestReadyCrosses(t *testing.T) {
	run := func(*core.Call) error { return nil }
	for _, want := range []Ready{
		{Lacks: "one; two", Commands: []core.Command{{Verb: "A", Args: "X", Help: "h", Open: true, Run: run}, {Verb: "B"}}, Hooks: HookNames(core.Hooks{
			Open: run, Done: func(*core.Call, int64, error) {},
		})},
		{Err: errors.New("bad"), Findings: []string{"a.go:1:2: no", "b.go:3:4: never"}},
	} {
		texts := Texts(appendTexts(nil, want.Texts()))
		got := texts.Ready()
		if fmt.Sprint(got.Findings, got.Hooks, got.Err, got.Lacks) != fmt.Sprint(want.Findings, want.Hooks, want.Err, want.Lacks) || len(got.Commands) != len(want.Commands) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		for i, c := range got.Commands {
			w := want.Commands[i]
			if c.Verb != w.Verb || c.Args != w.Args || c.Help != w.Help || c.Open != w.Open || (c.Run == nil) != (w.Run == nil) {
				t.Errorf("command %+v, want %+v", c, w)
			}
		}
	}
}

// A hook that one end names is the one that the other end calls.
func TestHooksCross(t *testing.T) {
	var called []string
	hook := func(name string) func(*core.Call) error {
		return func(*core.Call) error { called = append(called, name); return nil }
	}
	theirs := core.Hooks{Connect: hook("Connect"), Login: hook("Login"), Open: hook("Open"), Done: func(_ *core.Call, n int64, err error) {
		called = append(called, fmt.Sprint("Done ", n, err))
	}}
	ours := Hooks(HookNames(theirs), func(call *core.Call, name string, rest ...string) error {
		texts := Texts(appendTexts(nil, rest))
		return RunHook(theirs, name, call, &texts)
	})
	_ = errors.Join(ours.Connect(nil), ours.Login(nil), ours.Open(nil))
	ours.Done(nil, 7, errors.New("torn"))
	if got := strings.Join(called, ", "); got != "Connect, Login, Open, Done 7 torn" {
		t.Errorf("called %s", got)
	}
	if none := Hooks([]string{"None"}, nil); none.Open != nil {
		t.Error("a hook came out of nothing")
	}
}

func TestFramesCross(t *testing.T) {
	var b bytes.Buffer
	c := NewConn(&b)
	if err := c.Put(Reply, 1, "text"); err != nil || b.Len() != 0 {
		t.Errorf("put: %v, %d bytes went out", err, b.Len())
	}
	if err := c.PutBytes(Data, 1, []byte("data")); err != nil {
		t.Error(err)
	}
	if err := c.Send(Fact, 2, "", "v\xff"); err != nil {
		t.Error(err)
	}
	if err := c.Send(Reply, 3, strings.Repeat("x", maxFrame)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a frame that is too large: %v", err)
	}
	if err := c.Send(Done, 3); err != nil {
		t.Error(err)
	}
	for _, want := range []Frame{{Reply, 1, []byte("\x04text")}, {Data, 1, []byte("data")}, {Fact, 2, []byte("\x00\x02v\xff")}, {Done, 3, nil}} {
		f, err := c.Receive()
		if err != nil || f.Op != want.Op || f.Call != want.Call || !bytes.Equal(f.Payload, want.Payload) {
			t.Errorf("got %v, %v; want %v", f, err, want)
		}
	}
	b.Write([]byte{0xff, 0, 0, 0, byte(Data), 0, 0, 0, 0})
	if _, err := c.Receive(); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a frame of 4 GiB: %v", err)
	}
}

func TestErrorsCross(t *testing.T) {
	for _, want := range []error{nil, core.ErrUsage, fs.ErrNotExist, &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}} {
		texts := Texts(appendTexts(nil, ErrorTexts(want)))
		if got := texts.Err(); !errors.Is(got, errors.Unwrap(want)) && !errors.Is(got, want) {
			t.Errorf("%v became %v", want, got)
		}
	}
	texts := Texts(appendTexts(nil, ErrorTexts(core.Errorf(core.CodeRange, "100%%"))))
	var told *core.Error
	if err := texts.Err(); !errors.As(err, &told) || told.Code != core.CodeRange || told.Text != "100%" {
		t.Errorf("an error for the client became %v", err)
	}
}

func TestInfoAndSessionCross(t *testing.T) {
	info := core.Info{Name: "a\xff", Size: 1 << 40, Modified: time.Unix(1e9, 5).UTC(), Dir: true, ETag: "e"}
	session := core.Session{ID: 1 << 63, User: "ann", Remote: "[::1]:5", TLS: true, Since: time.Unix(1e9, 0).UTC()}
	texts := Texts(appendTexts(nil, append(InfoTexts(info), SessionTexts(session)...)))
	if got := texts.Info(); got != info {
		t.Errorf("%+v became %+v", info, got)
	}
	if got := texts.Session(); got != session {
		t.Errorf("%+v became %+v", session, got)
	}
}

// What a worker sends can't hurt its parent, even if the worker is beside
// itself.
func FuzzTexts(f *testing.F) {
	f.Add(appendTexts(nil, []string{"", "a", strings.Repeat("x", 200)}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		texts := Texts(b)
		for n := 0; len(texts) > 0; n++ {
			if n > len(b) {
				t.Fatal("no end")
			}
			texts.Next()
		}
		texts = Texts(b)
		_, _, _, _ = texts.Err(), texts.Info(), texts.Session(), texts.Int()
		texts = Texts(b)
		_ = texts.Ready()
	})
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, byte(Data), 0, 0, 0, 1, 'x'})
	f.Fuzz(func(t *testing.T, b []byte) {
		c := NewConn(bytes.NewBuffer(b))
		for read := 0; ; {
			frame, err := c.Receive()
			if err != nil {
				return
			}
			if read += headerSize + len(frame.Payload); read > len(b) {
				t.Fatal("more came out than went in")
			}
		}
	})
}
