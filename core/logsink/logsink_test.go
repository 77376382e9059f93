package logsink_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"mts/core/logsink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func note(lost int64) []byte { return fmt.Appendf(nil, "lost %d\n", lost) }

// A target can be made to block, or to take a number of bytes and fail then.
type target struct {
	mu     sync.Mutex
	text   bytes.Buffer
	room   int // -1: no limit
	err    error
	opened chan struct{} // writes wait until it is closed
	tries  int
}

func newTarget() *target {
	t := &target{room: -1, opened: make(chan struct{})}
	close(t.opened)
	return t
}

func (t *target) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.tries++
	opened := t.opened
	t.mu.Unlock()
	<-opened
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.room >= 0 && len(p) > t.room {
		n, _ := t.text.Write(p[:t.room])
		t.room -= n
		return n, t.err
	}
	return t.text.Write(p)
}

// limit makes it fail with err after room bytes more; -1 mends it.
func (t *target) limit(room int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.room, t.err = room, err
}

func (t *target) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

func want(t *testing.T, w fmt.Stringer, text string) {
	t.Helper()
	if got := w.String(); got != text {
		t.Errorf("wrote %.200q; want %.200q", got, text)
	}
}

func TestWrite(t *testing.T) {
	w := newTarget()
	s := logsink.New(w, note)
	var all strings.Builder
	for i := range 1000 {
		fmt.Fprintf(s, "line %d\n", i)
		fmt.Fprintf(&all, "line %d\n", i)
	}
	s.Close(time.Minute)
	want(t, w, all.String())
	fmt.Fprintln(s, "late")
	if s.Dropped() != 1 {
		t.Errorf("%d lines dropped after the end; want 1", s.Dropped())
	}
}

// While a pipe is blocked lines are dropped, whole ones, and counted; when it
// moves again the log says how many, where they are missing.
func TestBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTarget()
		w.opened = make(chan struct{})
		s := logsink.New(w, note)
		fmt.Fprintln(s, "first")
		synctest.Wait()
		line := strings.Repeat("x", 1<<10-1) + "\n"
		for range 1<<10 + 7 {
			io.WriteString(s, line)
		}
		if s.Dropped() != 7 {
			t.Errorf("%d lines dropped; want 7", s.Dropped())
		}
		close(w.opened)
		synctest.Wait()
		fmt.Fprintln(s, "last")
		synctest.Wait()
		want(t, w, "first\n"+strings.Repeat(line, 1<<10)+"lost 7\nlast\n")
		s.Close(0)
	})
}

// A full disk tears a line; it is finished when there is room again.
func TestFull(t *testing.T) {
	for _, err := range []error{syscall.ENOSPC, syscall.EIO, syscall.EPIPE, syscall.EAGAIN} {
		synctest.Test(t, func(t *testing.T) {
			w := newTarget()
			s := logsink.New(w, note)
			w.limit(9, err)
			fmt.Fprintln(s, "first")
			fmt.Fprintln(s, "second")
			time.Sleep(time.Hour)
			fmt.Fprintln(s, "third")
			want(t, w, "first\nsec")
			if w.tries > 4000 {
				t.Errorf("tried %d times in an hour", w.tries)
			}
			w.limit(-1, nil)
			time.Sleep(2 * time.Second)
			want(t, w, "first\nsecond\nthird\n")
			s.Close(time.Minute)
		})
	}
}

// A new target gets the torn line as a whole, at once.
func TestRedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full, fresh := newTarget(), newTarget()
		s := logsink.New(full, note)
		full.limit(9, syscall.ENOSPC)
		fmt.Fprintln(s, "first")
		fmt.Fprintln(s, "second")
		synctest.Wait()
		if old := s.Redirect(fresh); old != full {
			t.Errorf("the old target is %v", old)
		}
		synctest.Wait()
		want(t, full, "first\nsec")
		want(t, fresh, "second\n")
		s.Close(time.Minute)
	})
}

// The end waits for a blocked target as long as it may, and not at all for one
// that fails.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTarget()
		w.opened = make(chan struct{})
		s := logsink.New(w, note)
		fmt.Fprintln(s, "first")
		synctest.Wait()
		start := time.Now()
		s.Close(3 * time.Second)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %v; want 3s", took)
		}
		close(w.opened)
		synctest.Wait()
		want(t, w, "first\n")

		full := newTarget()
		full.limit(0, errors.New("dead"))
		s = logsink.New(full, note)
		fmt.Fprintln(s, "first")
		synctest.Wait()
		start = time.Now()
		s.Close(3 * time.Second)
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v; want no time", took)
		}
	})
}

// What is lost and what is written add up, whoever writes.
func TestNothingIsForgotten(t *testing.T) {
	w := newTarget()
	s := logsink.New(w, note)
	var writers sync.WaitGroup
	const each = 50_000
	line := "x" + strings.Repeat(" ", 100) + "\n"
	for range 4 {
		writers.Go(func() {
			for range each {
				io.WriteString(s, line)
			}
		})
	}
	writers.Wait()
	s.Close(time.Minute)
	var lost, noted int64
	lines := strings.SplitAfter(w.String(), "\n")
	for _, l := range lines[:len(lines)-1] {
		if n := int64(0); l != line {
			if _, err := fmt.Sscanf(l, "lost %d\n", &n); err != nil {
				t.Fatalf("wrote %q", l)
			}
			noted++
			lost += n
		}
	}
	if got := int64(len(lines)) - 1 - noted + lost; got != 4*each || lost != s.Dropped() {
		t.Errorf("%d lines, %d of them lost, %d dropped; want %d", got, lost, s.Dropped(), 4*each)
	}
}

// A file that ends in the middle of a line gets a fresh one.
func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for _, test := range []struct{ before, after string }{
		{"", "new\n"}, {"old\n", "old\nnew\n"}, {"old\nto", "old\nto\nnew\n"},
	} {
		if err := os.WriteFile(path, []byte(test.before), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := logsink.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(f, "new")
		f.Close()
		if got, _ := os.ReadFile(path); string(got) != test.after {
			t.Errorf("%q became %q; want %q", test.before, got, test.after)
		}
	}
}
