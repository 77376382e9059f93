// Package events turns the server's log into a live feed of what happens, for
// operators.
//
// A Feed is a slog.Handler before the log's own handler and sees the same
// records. A subscriber that reads slowly loses rows and is told how many; the
// server never waits for one. Without subscribers, a record costs one atomic
// load.
package events

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Lost is the Event of a row that stands for events that were lost because the
// subscriber read too slowly. Its Error says how many.
const Lost = "lost"

// An Event is one row of the feed. Text that comes from clients is made
// printable.
type Event struct {
	Time    time.Time `json:"time"`
	Event   string    `json:"event"`   // connect, login, refused, file, kick, disconnect, plugin, reload or lost
	Session uint64    `json:"session"` // 0: none
	User    string    `json:"user"`
	Client  string    `json:"client"` // its address without the port, IPv4-mapped ones as IPv4
	Verb    string    `json:"verb"`   // of a plugin: what happened to it
	Path    string    `json:"path"`   // of a file; or the name of the plugin or of the reloaded part
	Bytes   int64     `json:"bytes"`  // of the file that was sent
	Error   string    `json:"error"`  // or the reason
}

// A Feed sends events to subscribers. The zero value is ready for use. All
// goroutines may use it.
type Feed struct {
	count       atomic.Int32 // of subscribers
	mu          sync.Mutex
	subscribers map[*subscriber]bool
}

// Handler returns a handler that passes records on to next. From level Info on
// it makes events of them, whatever the level of next is.
func (f *Feed) Handler(next slog.Handler) slog.Handler { return &handler{feed: f, next: next} }

// Subscribe returns a channel of the events from now on. Up to buffer of them
// wait to be read. stop closes the channel and may be called more than once.
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
