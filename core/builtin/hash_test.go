package builtin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"
)

func sumOf(t *testing.T, h *hashes, f *fstest.MapFile) (string, error) {
	t.Helper()
	opened, err := fstest.MapFS{"f": f}.Open("f")
	if err != nil {
		t.Fatal(err)
	}
	return h.sum(t.Context(), opened)
}

// A hash is remembered as long as nothing tells of a change.
func TestHashes(t *testing.T) {
	h := &hashes{sums: make(map[string]string)}
	when := time.Unix(1, 0)
	for _, test := range []struct {
		content string
		modify  time.Time
		want    string
	}{
		{"one", when, "one"},
		{"two", when, "one"}, // same size and time: that it isn't read again shows
		{"two", when.Add(time.Nanosecond), "two"},
		{"three", when, "three"},
		{"", when, ""},
	} {
		want := sha256.Sum256([]byte(test.want))
		got, err := sumOf(t, h, &fstest.MapFile{Data: []byte(test.content), ModTime: test.modify})
		if err != nil || got != hex.EncodeToString(want[:]) {
			t.Errorf("%q: got %s, %v; want the hash of %q", test.content, got, err, test.want)
		}
	}
}

func TestHashesBounded(t *testing.T) {
	h := &hashes{sums: make(map[string]string)}
	for i := range maxHashes + 100 {
		h.remember(fmt.Sprint(i), "x")
		if h.sums[fmt.Sprint(i)] == "" {
			t.Fatal("the latest hash was forgotten")
		}
	}
	if len(h.sums) != maxHashes {
		t.Errorf("%d hashes are remembered; want %d", len(h.sums), maxHashes)
	}
}

// A hash that was given up, or went wrong, isn't remembered.
func TestHashFails(t *testing.T) {
	h := &hashes{sums: make(map[string]string)}
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	files := fstest.MapFS{"f": {Data: []byte(strings.Repeat("x", 1<<20))}}
	f, err := files.Open("f")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.sum(ctx, f); !errors.Is(err, gone) {
		t.Errorf("given up: %v; want the context's cause", err)
	}
	if _, err := h.sum(t.Context(), failing{f}); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("broken: %v", err)
	}
	if len(h.sums) > 0 {
		t.Errorf("%v is remembered", h.sums)
	}
}

// A failing file can't be read.
type failing struct{ fs.File }

func (failing) Read([]byte) (int, error) { return 0, iotest.ErrTimeout }
