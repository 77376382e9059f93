package clientcmd

import (
	"strings"
	"testing"
)

func TestEscaper(t *testing.T) {
	const text = "a\tb\nc\x1b[2Jd\r\xff\u202e é€😀\n"
	const want = "a\tb\nc\\x1b[2Jd\\r\\xff\\u202e é€😀\n"
	for size := 1; size <= len(text); size++ {
		var b strings.Builder
		e := &escaper{w: &b}
		for i := 0; i < len(text); i += size {
			if n, err := e.Write([]byte(text[i:min(i+size, len(text))])); err != nil || n == 0 {
				t.Fatal(n, err)
			}
		}
		if b.String() != want {
			t.Errorf("in pieces of %d: %q, want %q", size, b.String(), want)
		}
	}
}
