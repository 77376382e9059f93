package clientcmd

import (
	"errors"
	"os"
	"sync"
	"time"
)

// groupDelay is how long the first file of a group waits for others.
const groupDelay = 2 * time.Millisecond

// A groupSync syncs files in groups: all those that are ready at about the same
// time. For many small files that is much faster than a sync of each.
type groupSync struct {
	mu      sync.Mutex
	waiting *syncGroup // takes more files; nil: there is none
}

type syncGroup struct {
	files []*os.File
	done  chan struct{}
	err   error // valid when done is closed
}

// sync returns when the content of f is on disk. The caller with the first file of
// a group syncs all of them.
func (s *groupSync) sync(f *os.File) error {
	s.mu.Lock()
	g := s.waiting
	first := g == nil
	if first {
		g = &syncGroup{done: make(chan struct{})}
		s.waiting = g
	}
	g.files = append(g.files, f)
	s.mu.Unlock()
	if first {
		time.Sleep(groupDelay)
		s.mu.Lock()
		s.waiting = nil
		s.mu.Unlock()
		g.err = syncFiles(g.files)
		close(g.done)
	}
	<-g.done
	return g.err
}

// syncEach syncs one file after the other.
func syncEach(files []*os.File) (err error) {
	for _, f := range files {
		err = errors.Join(err, f.Sync())
	}
	return err
}
