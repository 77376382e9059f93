package link

import (
	"bytes"
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"mts/core"
)

func TestSpecCrosses(t *testing.T) {
	want := Spec{Name: "a", Sources: []byte("zip"), Memory: 7, Settings: map[string]any{
		"n": int64(1), "f": 1.5, "s": "x", "b": true, "t": time.Unix(1e9, 0).UTC(),
		"list": []any{int64(1), "x"}, "table": map[string]any{"k": "v"}, "tables": []map[string]any{{"k": "v"}},
	}}
	var b bytes.Buffer
	if err := WriteSpec(&b, want); err != nil {
		t.Fatal(err)
	}
	b.WriteString("rest")
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
	if err := c.Send(Reply, 3, strings.Repeat("x", MaxFrame)); !errors.Is(err, ErrTooLarge) {
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
