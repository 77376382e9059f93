package output

import (
	"errors"
	"io"
	"testing"
)

// A disk is full when two writes have succeeded.
type disk struct{ writes int }

var errFull = errors.New("full")

func (d *disk) Write(p []byte) (int, error) {
	if d.writes++; d.writes == 3 {
		return len(p) / 2, errFull
	}
	return len(p), nil
}

// The first error stays, and nothing is written behind output that was lost.
func TestFirstError(t *testing.T) {
	d := &disk{}
	w := New(d)
	for i := range 5 {
		_, err := io.WriteString(w, "text")
		if lost := i >= 2; errors.Is(err, ErrWrite) != lost || errors.Is(err, errFull) != lost || w.Err() != err {
			t.Errorf("write %d: %v, then %v", i, err, w.Err())
		}
	}
	if d.writes != 3 {
		t.Errorf("%d writes", d.writes)
	}
}
