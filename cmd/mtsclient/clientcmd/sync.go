package clientcmd

import (
	"os"
	"sync"
	"time"
)

// gather is how long a first file waits for others.
const gather = 2 * time.Millisecond

// A groupSync puts files on disk, all those together that come at about the
// same time: many small files get there much sooner that way than by a sync
// for each.
type groupSync struct {
	mu      sync.Mutex
	waiting *syncGroup // nil: nobody syncs
}

type syncGroup struct {
	files []*os.File
	done  chan struct{}
	err   error // once it is done
}

// sync returns when all that was written to f is on disk. The first file of a
// group sees to the others.
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
		time.Sleep(gather)
		s.mu.Lock()
		s.waiting = nil
		s.mu.Unlock()
		g.err = syncFiles(g.files)
		close(g.done)
	}
	<-g.done
	return g.err
}
