package wire

import (
	"bytes"
	"encoding/binary"
	"io"
	"reflect"
	"strings"
	"testing"
)

// A sent is a reply as it was given to a Writer.
type sent struct {
	data  bytes.Buffer
	mark  byte
	facts []Fact
	text  string
}

// A script is a sequence of calls of a Writer, decoded from any bytes.
type script struct {
	in      []byte
	replies []*sent
	open    *sent
	seed    byte
}

func (s *script) next() byte {
	if len(s.in) == 0 {
		return 0
	}
	b := s.in[0]
	s.in = s.in[1:]
	return b
}

// size is anything from 0 to 128 KiB.
func (s *script) size() int {
	return int(binary.LittleEndian.Uint16([]byte{s.next(), s.next()})) << (s.next() % 2)
}

// bytes returns n bytes that look like the protocol.
func (s *script) bytes(n int) []byte {
	s.seed++
	b := bytes.Repeat([]byte("#x\r\n$1\r\n!"+string('a'+rune(s.seed%26))), n/10+1)[:n]
	s.open.data.Write(b)
	return b
}

func (s *script) word() string {
	n := min(int(s.next()), len(s.in))
	word := string(s.in[:n])
	s.in = s.in[n:]
	return word
}

// play makes the calls that the script holds.
func (s *script) play(t *testing.T, w *Writer) {
	s.open = &sent{}
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for len(s.in) > 0 {
		switch s.next() % 6 {
		case 0, 1:
			_, err := w.Write(s.bytes(s.size()))
			check(err)
		case 2:
			b := s.bytes(s.size())
			_, err := w.Send(bytes.NewReader(b), int64(len(b)), free)
			check(err)
		case 3:
			check(w.Flush())
		default:
			s.status(t, w)
		}
	}
	s.status(t, w)
	check(w.Flush())
}

// status ends a reply.
func (s *script) status(t *testing.T, w *Writer) {
	r := s.open
	r.mark = [...]byte{Success, Failure}[s.next()%2]
	for range s.next() % 3 {
		r.facts = append(r.facts, Fact{"name", s.word()})
	}
	r.text = s.word()
	if n := s.next(); n > 250 { // as long as the echo of a path can be
		r.text += strings.Repeat("t", 4096-int(s.next()))
	}
	if w.Sent() != int64(r.data.Len()) {
		t.Errorf("Sent is %d; want %d", w.Sent(), r.data.Len())
	}
	if err := w.Status(r.mark, r.facts, r.text); err != nil {
		t.Fatal(err)
	}
	s.replies = append(s.replies, r)
	s.open = &sent{}
}

// What is written in block mode is read back as it was.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("\x00\x05\x00\x00\x04\x00\x01\x03a b\x02ok"), true)
	f.Add([]byte("\x02\xff\xff\x01\x00\xff\xff\x01\x05\x01\x00\x00\xff\x00\x02\x01\x00\x00\x04"), true)
	f.Add([]byte("\x00\xff\xff\x00\x04\x00\x00\x00\xff\x0f\x02\x01\x00\x00\x04\x00\x00\x03[a=b] x"), false)
	f.Fuzz(func(t *testing.T, in []byte, secure bool) {
		w, out := newWriter(true)
		if !secure {
			w = NewWriter(out, 8<<10)
			w.SetBlock(true)
		}
		s := &script{in: in[:min(len(in), 1000)]}
		s.play(t, w)
		if w.buf != nil {
			t.Error("a buffer is held after Flush")
		}
		r := NewReplyReader(out)
		for i, want := range s.replies {
			var data bytes.Buffer
			got, err := r.ReadReply(&data, 1<<30)
			if err != nil {
				t.Fatalf("reply %d: %v", i, err)
			}
			text := Printable(want.text)
			if len(want.facts) == 0 && hasFacts(text) {
				text = " " + text
			}
			if got.OK != (want.mark == Success) || !reflect.DeepEqual(got.Facts, want.facts) || got.Text != text {
				t.Errorf("reply %d: %+v; want %q", i, got, want.text)
			}
			if !bytes.Equal(data.Bytes(), want.data.Bytes()) {
				t.Errorf("reply %d: its %d bytes came as %d others", i, want.data.Len(), data.Len())
			}
		}
		if _, err := r.ReadReply(io.Discard, 0); err != io.EOF {
			t.Errorf("behind the last reply: %v", err)
		}
	})
}
