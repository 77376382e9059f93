package wc

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"mts/core/coretest"
)

func TestWC(t *testing.T) {
	host := &coretest.Host{Files: fstest.MapFS{"pub/a b.txt": {Data: []byte("one two\nthree\n")}}}
	if err := host.Run(Commands()[0], `pub\a b.txt`); err != nil {
		t.Fatal(err)
	}
	if got, want := host.Data.String(), " 2  3 14 pub\\a b.txt\n"; got != want {
		t.Errorf("WC printed %q; want %q", got, want)
	}
	for _, name := range []string{"missing", "pub"} {
		if err := host.Run(Commands()[0], name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("WC %s: %v; want fs.ErrNotExist", name, err)
		}
	}
}

func TestCount(t *testing.T) {
	nbsp := "\u00a0"
	for text, want := range map[string]counts{
		"":                 {},
		"x":                {words: 1, bytes: 1},
		"\n\n":             {lines: 2, bytes: 2},
		" a  b\tc\r\nd":    {lines: 1, words: 4, bytes: 10},
		"ä" + nbsp + "ö\n": {lines: 1, words: 2, bytes: 7},
		"\xff\xc2":         {words: 1, bytes: 2},
		strings.Repeat("a", chunk-1) + nbsp + "b": {words: 2, bytes: chunk + 2},
		strings.Repeat("a", 3*chunk):              {words: 1, bytes: 3 * chunk},
		strings.Repeat("a ", chunk) + "\n":        {lines: 1, words: chunk, bytes: 2*chunk + 1},
	} {
		whole, err := count(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		bytewise, err := count(iotest.OneByteReader(strings.NewReader(text)))
		if err != nil {
			t.Fatal(err)
		}
		whole.inWord, bytewise.inWord = false, false
		if whole != want || bytewise != want {
			t.Errorf("%.20q: %+v, byte by byte %+v; want %+v", text, whole, bytewise, want)
		}
	}
}

func TestCountFails(t *testing.T) {
	broken := errors.New("broken")
	if _, err := count(iotest.ErrReader(broken)); err != broken {
		t.Errorf("count: %v; want the reader's error", err)
	}
}
