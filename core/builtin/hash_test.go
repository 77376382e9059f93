package builtin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"mts/core/exports"
	"mts/core/harness"
)

func openFile(t *testing.T, path string) fs.File {
	t.Helper()
	f, err := os.Open(path)
	harness.Must(t, err)
	return f
}

// wantSum checks the hash that a path has now.
func wantSum(t *testing.T, h *hashes, path, content string) {
	t.Helper()
	want := sha256.Sum256([]byte(content))
	got, err := h.sum(t.Context(), "ann", openFile(t, path))
	if err != nil || got != hex.EncodeToString(want[:]) {
		t.Errorf("got %s, %v; want the hash of %q", got, err, content)
	}
}

// later makes versions look settled.
func later() time.Time { return time.Now().Add(settled + time.Second) }

// HASH tells the bytes there are, even if size and time were set back.
func TestHashesChange(t *testing.T) {
	h := newHashes()
	h.now = later
	path := filepath.Join(t.TempDir(), "f")
	when := time.Unix(1e9, 0)
	var last exports.Version
	for _, content := range []string{"one", "two", "one", "", "three"} {
		harness.Eventually(t, "another ctime", func() bool {
			harness.Must(t, os.WriteFile(path, []byte(content), 0o600))
			harness.Must(t, os.Chtimes(path, when, when))
			before := last
			last, _ = exports.VersionOf(infoOf(t, path))
			return last != before
		})
		wantSum(t, h, path, content)
		wantSum(t, h, path, content)
	}
}

// Only the hash of a version that has settled is kept.
func TestHashesKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	harness.Must(t, os.WriteFile(path, []byte("x"), 0o600))
	_, known := exports.VersionOf(infoOf(t, path))
	for _, test := range []struct {
		now  func() time.Time
		kept bool
	}{{later, known}, {time.Now, false}} {
		h := newHashes()
		h.now = test.now
		wantSum(t, h, path, "x")
		if kept := len(h.sums) > 0; kept != test.kept {
			t.Errorf("kept: %v, want %v", kept, test.kept)
		}
		wantSum(t, h, path, "x")
	}
}

func infoOf(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	harness.Must(t, err)
	return info
}

func TestHashesBounded(t *testing.T) {
	h := newHashes()
	for i := range maxHashes + 100 {
		version := exports.Version{Inode: uint64(i)}
		h.remember(version, "x")
		if h.sums[version] == "" {
			t.Fatal("the latest hash was forgotten")
		}
	}
	if len(h.sums) != maxHashes {
		t.Errorf("%d hashes are remembered; want %d", len(h.sums), maxHashes)
	}
}

// An endless file is a local one that is read for ever.
type endless struct {
	fs.File
	reads, closed *atomic.Int64
}

func (f endless) Read(p []byte) (int, error) {
	f.reads.Add(1)
	return 1, nil
}

func (f endless) Close() error {
	f.closed.Add(1)
	return f.File.Close()
}

// begin asks for the hash of an endless file.
func (f endless) begin(h *hashes, ctx context.Context, user string) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := h.sum(ctx, user, f)
		done <- err
	}()
	return done
}

func (h *hashes) count(t *testing.T, running, wanted int) {
	t.Helper()
	harness.Eventually(t, "hashes that are shared", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		sum := 0
		for _, work := range h.running {
			sum += work.wanted
		}
		return len(h.running) == running && sum == wanted
	})
}

// Who wants the same shares it, and the last one ends it. An account has two at a
// time, which keeps nobody else from theirs.
func TestHashesShared(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no version")
	}
	h := newHashes()
	h.now = later
	dir := t.TempDir()
	var reads, closed atomic.Int64
	file := func(name string) endless {
		path := filepath.Join(dir, name)
		harness.Must(t, os.WriteFile(path, []byte("x"), 0o600))
		return endless{openFile(t, path), &reads, &closed}
	}
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	var all []<-chan error
	harness.Must(t, os.WriteFile(filepath.Join(dir, "same"), []byte("x"), 0o600))
	for range 60 {
		all = append(all, endless{openFile(t, filepath.Join(dir, "same")), &reads, &closed}.begin(h, ctx, "ann"))
	}
	h.count(t, 1, 60)
	second, dropSecond := context.WithCancelCause(t.Context())
	all = append(all, file("second").begin(h, second, "ann"))
	h.count(t, 2, 61)
	third, dropThird := context.WithCancelCause(t.Context())
	all = append(all, file("third").begin(h, third, "ann"))
	all = append(all, file("other").begin(h, ctx, "bob"))
	h.count(t, 3, 62)
	dropSecond(gone) // makes room for the third
	h.count(t, 3, 62)
	cancel(gone)
	h.count(t, 1, 1)
	dropThird(gone)
	for _, done := range all {
		if err := <-done; err != gone {
			t.Errorf("given up: %v", err)
		}
	}
	harness.Eventually(t, "the end of all work", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.users)+len(h.running) == 0 && closed.Load() == 63
	})
	if len(h.sums) > 0 {
		t.Errorf("%v is remembered", h.sums)
	}
}

// What went wrong isn't remembered.
func TestHashFails(t *testing.T) {
	h := newHashes()
	h.now = later
	path := filepath.Join(t.TempDir(), "f")
	harness.Must(t, os.WriteFile(path, []byte("x"), 0o600))
	if _, err := h.sum(t.Context(), "ann", failing{openFile(t, path)}); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("broken: %v", err)
	}
	if _, err := h.sum(t.Context(), "ann", panicking{openFile(t, path)}); err == nil {
		t.Error("no error of a panic")
	}
	wantSum(t, h, path, "x")
}

// A failing file can't be read.
type failing struct{ fs.File }

func (failing) Read([]byte) (int, error) { return 0, iotest.ErrTimeout }

type panicking struct{ fs.File }

func (panicking) Read([]byte) (int, error) { panic("bug") }
