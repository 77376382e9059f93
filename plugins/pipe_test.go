package plugins

import (
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// A plainPipe has no deadlines, as pipes of some systems.
type plainPipe struct{ io.ReadCloser }

func (plainPipe) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

// Where pipes have no deadlines, the process at the other end ends instead.
func TestPipeWithoutDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		p := &timedPipe{pipe: plainPipe{r}, end: func() { w.Close() }}
		p.SetReadDeadline(time.Now().Add(time.Second))
		p.SetReadDeadline(time.Time{})
		time.Sleep(time.Minute)
		go w.Write([]byte("x"))
		b := make([]byte, 1)
		if _, err := p.Read(b); err != nil {
			t.Fatalf("without a deadline: %v", err)
		}
		p.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := p.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v, want %v", err, os.ErrDeadlineExceeded)
		}
	})
}
