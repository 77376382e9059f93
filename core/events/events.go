// Package events turns the server's log into a live feed of what happens, for
// operators who watch.
//
// A Feed stands in front of the log's handler and reads the same records. Who
// reads slowly loses rows and is told how many; the server never waits. While
// nobody reads, a record costs one atomic load more.
package events

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Lost is the Event of the row that stands where rows were lost because they
// weren't read in time. Its Error says how many.
const Lost = "lost"

// An Event is one row of the feed. Text that clients chose is printable.
type Event struct {
	Time    time.Time `json:"time"`
	Event   string    `json:"event"`   // connect, login, refused, file, kick, disconnect, plugin, reload or lost
	Session uint64    `json:"session"` // 0: none
	User    string    `json:"user"`
	Client  string    `json:"client"` // its address without the port, IPv4-mapped ones as IPv4
	Verb    string    `json:"verb"`   // or what happened to the plugin
	Path    string    `json:"path"`   // or the plugin, or the part that was reloaded
	Bytes   int64     `json:"bytes"`  // of the file that was sent
	Error   string    `json:"error"`  // or the reason
}

// A Feed hands events to subscribers. The zero value is ready for use, by any
// goroutine.
type Feed struct {
	count       atomic.Int32 // of subscribers
	mu          sync.Mutex
	subscribers map[*subscriber]bool
}

// Handler returns a handler that passes records on to next, and makes events
// of those from level Info on whatever the level of next is.
func (f *Feed) Handler(next slog.Handler) slog.Handler { return &handler{feed: f, next: next} }

// Subscribe returns the events from now on. Up to buffer of them wait to be
// read. The channel is closed by stop, which may be called again.
func (f *Feed) Subscribe(buffer int) (rows <-chan Event, stop func()) {
	s := &subscriber{rows: make(chan Event, max(buffer, 1))}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.subscribers == nil {
		f.subscribers = make(map[*subscriber]bool)
	}
	f.subscribers[s] = true
	f.count.Add(1)
	return s.rows, sync.OnceFunc(func() { f.remove(s) })
}

func (f *Feed) remove(s *subscriber) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count.Add(-1)
	delete(f.subscribers, s)
	close(s.rows)
}

func (f *Feed) watched() bool { return f.count.Load() > 0 }

func (f *Feed) publish(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.subscribers {
		s.send(e)
	}
}
