package wire

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"mts/core"
)

func TestReadReply(t *testing.T) {
	in := "*one\r\n$3\r\nabc$1\n#*two\r\n#[bytes=4 x=%20] Sent.\r\n![code=range] No.\n#OK.\r\n"
	for how, in := range map[string]io.Reader{
		"whole": strings.NewReader(in),
		"bytes": iotest.OneByteReader(strings.NewReader(in)),
	} {
		r := NewReplyReader(in)
		var notices []string
		r.Notice = func(text string) { notices = append(notices, text) }
		var b strings.Builder
		reply, err := r.ReadReply(&b, 4)
		want := Reply{OK: true, Facts: []Fact{{"bytes", "4"}, {"x", " "}}, Text: "Sent."}
		if err != nil || b.String() != "abc#" || !reflect.DeepEqual(reply, want) || reply.Err() != nil {
			t.Errorf("%s: %q, %+v, %v", how, b.String(), reply, err)
		}
		reply, err = r.ReadReply(io.Discard, 0)
		var told *core.Error
		if err != nil || !errors.As(reply.Err(), &told) || told.Code != core.CodeRange || told.Text != "No." {
			t.Errorf("%s: %+v, %v", how, reply, err)
		}
		reply, err = r.ReadReply(io.Discard, 0)
		if err != nil || reply.Text != "OK." || reply.Fact("code") != "" {
			t.Errorf("%s: %+v, %v", how, reply, err)
		}
		if _, err = r.ReadReply(io.Discard, 0); err != io.EOF {
			t.Errorf("%s: %v; want io.EOF", how, err)
		}
		if !slices.Equal(notices, []string{"one", "two"}) {
			t.Errorf("%s: notices %q", how, notices)
		}
	}
}

func TestHostileServer(t *testing.T) {
	for name, test := range map[string]struct {
		in   string
		want error
	}{
		"nothing":            {"", io.EOF},
		"half a line":        {"#OK.", io.ErrUnexpectedEOF},
		"half a block":       {"$5\r\nab", io.ErrUnexpectedEOF},
		"no data":            {"$5\r\n", io.ErrUnexpectedEOF},
		"no status line":     {"$2\r\nab", io.ErrUnexpectedEOF},
		"half a status line": {"$2\r\nab#O", io.ErrUnexpectedEOF},
		"empty line":         {"\r\n", ErrProtocol},
		"endless line":       {"#" + strings.Repeat("x", MaxStatus) + "\r\n", ErrProtocol},
		"another protocol":   {"HTTP/1.1 400 Bad Request\r\n", ErrProtocol},
		"block of 0":         {"$0\r\n#OK.\r\n", ErrProtocol},
		"led by zero":        {"$05\r\nabcde#OK.\r\n", ErrProtocol},
		"negative":           {"$-1\r\n#OK.\r\n", ErrProtocol},
		"signed":             {"$+1\r\na#OK.\r\n", ErrProtocol},
		"no length":          {"$\r\n#OK.\r\n", ErrProtocol},
		"a space":            {"$1 \r\na#OK.\r\n", ErrProtocol},
		"hex":                {"$0x1\r\na#OK.\r\n", ErrProtocol},
		"over the limit":     {"$16777217\r\n", ErrProtocol},
		"overflow":           {"$18446744073709551617\r\na#OK.\r\n", ErrProtocol},
		"more than asked":    {"$9\r\n123456789#OK.\r\n", ErrProtocol},
		"more, in parts":     {"$8\r\n12345678$1\r\n9#OK.\r\n", ErrProtocol},
	} {
		var b strings.Builder
		if reply, err := NewReplyReader(strings.NewReader(test.in)).ReadReply(&b, 8); !errors.Is(err, test.want) {
			t.Errorf("%s: %+v, %v; want %v", name, reply, err, test.want)
		}
		if b.Len() > 8 {
			t.Errorf("%s: %d bytes", name, b.Len())
		}
	}
}

func TestReplyLimits(t *testing.T) {
	line := "#" + strings.Repeat("x", MaxStatus-3) + "\r\n"
	if reply, err := NewReplyReader(strings.NewReader(line)).ReadReply(nil, 0); err != nil || len(reply.Text) != MaxStatus-3 {
		t.Errorf("longest line: %d bytes, %v", len(reply.Text), err)
	}
	if n, _, err := NewReplyReader(strings.NewReader("$16777216\r\n")).Next(); n != MaxBlock || err != nil {
		t.Errorf("largest block: %d, %v", n, err)
	}
}

func TestReadReplyWriterError(t *testing.T) {
	full := errors.New("disk full")
	_, err := NewReplyReader(strings.NewReader("$1\r\na#OK.\r\n")).ReadReply(failing{full}, 1)
	if !errors.Is(err, full) {
		t.Errorf("got %v; want %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Whatever a server sends, the reader ends, within its bounds.
func FuzzReplyReader(f *testing.F) {
	f.Add([]byte("$3\r\nabc#[bytes=3] OK.\r\n*note\r\n!No.\r\n"))
	f.Add([]byte("$16777217\r\n"))
	f.Add([]byte("$0\r\n$-1\r\n"))
	f.Add([]byte("#[a=%zz] x\r\n#[=] \r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		const most = 100
		r := NewReplyReader(bytes.NewReader(in))
		r.Notice = func(text string) { checkText(t, text) }
		for {
			var b bytes.Buffer
			reply, err := r.ReadReply(&b, most)
			if b.Len() > most {
				t.Fatalf("%d bytes of data", b.Len())
			}
			if err != nil {
				break
			}
			checkText(t, reply.Text)
			if reply.OK != (reply.Err() == nil) {
				t.Errorf("%+v: %v", reply, reply.Err())
			}
		}
	})
}

func checkText(t *testing.T, text string) {
	if strings.Contains(text, "\n") || len(text) > MaxStatus {
		t.Errorf("text %.80q", text)
	}
}
