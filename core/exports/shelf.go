package exports

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// A folder is large from this number of entries on.
	largeFolder = 1000

	// maxLarge bounds the listings of large folders that are held.
	maxLarge = 4

	// slice is how long a listing is held at least while others wait for its
	// place. A LIST that isn't at its end then goes on with a new one.
	slice = 5 * time.Second
)

// A shelf holds the listings of large folders, at most maxLarge of them. Who
// wants the same folder shares one, if the listing begins after it was wanted: a
// LIST shows what there is, not what there was.
type shelf struct {
	mu      sync.Mutex
	held    map[*shared]bool
	waiting map[folderKey]*shared // for a place; who wants the same may join
	changed chan struct{}         // closed when a place has become free
}

// A folderKey is a folder of an export.
type folderKey struct{ export, name string }

// A shared listing is made when there is a place for it, and kept as long as it
// has users.
type shared struct {
	key     folderKey
	ctx     context.Context // ends with the last user
	cancel  context.CancelFunc
	users   int           // guarded by shelf.mu
	made    time.Time     // guarded by shelf.mu; zero before
	done    chan struct{} // closed when listing or err is set
	err     error
	listing atomic.Pointer[listing] // nil if the place was taken away
}

func newShelf() *shelf {
	return &shelf{held: make(map[*shared]bool), waiting: make(map[folderKey]*shared), changed: make(chan struct{})}
}

// get returns the listing of a folder. The caller releases it.
func (sh *shelf) get(ctx context.Context, e export, name string) (*shared, error) {
	s := sh.join(e, folderKey{e.path, name})
	select {
	case <-s.done:
	case <-ctx.Done():
		sh.release(s)
		return nil, context.Cause(ctx)
	}
	if s.err != nil {
		sh.release(s)
		return nil, s.err
	}
	return s, nil
}

// join adds a user to the listing of a folder that waits for its place.
func (sh *shelf) join(e export, key folderKey) *shared {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s := sh.waiting[key]
	if s == nil {
		s = &shared{key: key, done: make(chan struct{})}
		s.ctx, s.cancel = context.WithCancel(context.Background())
		sh.waiting[key] = s
		go sh.fill(e, s)
	}
	s.users++
	return s
}

// release removes a user. With the last one the listing goes.
func (sh *shelf) release(s *shared) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	s.cancel()
	if sh.waiting[s.key] == s {
		delete(sh.waiting, s.key)
	}
	if sh.held[s] {
		sh.drop(s)
	}
}

// drop makes the place of a listing free. The caller holds sh.mu.
func (sh *shelf) drop(s *shared) {
	delete(sh.held, s)
	s.listing.Store(nil)
	close(sh.changed)
	sh.changed = make(chan struct{})
}

// fill waits for a place and makes the listing.
func (sh *shelf) fill(e export, s *shared) {
	defer close(s.done)
	if s.err = sh.wait(s); s.err != nil {
		return
	}
	l, err := e.list(s.ctx, s.key.name, 0)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if s.err = err; err == nil && sh.held[s] {
		s.listing.Store(l)
	}
	s.made = time.Now()
}

// wait returns when the listing has a place.
func (sh *shelf) wait(s *shared) error {
	for {
		changed, ok := sh.place(s)
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-time.After(slice / 10): // one that is held may have become old
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
}

// place gives a listing a place if there is one, or if one can be taken away.
func (sh *shelf) place(s *shared) (changed <-chan struct{}, ok bool) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for old := range sh.held {
		if len(sh.held) < maxLarge {
			break
		}
		if !old.made.IsZero() && time.Since(old.made) >= slice {
			sh.drop(old)
		}
	}
	if len(sh.held) >= maxLarge || s.users == 0 {
		return sh.changed, false
	}
	sh.held[s] = true
	delete(sh.waiting, s.key)
	return nil, true
}

// A loan is a pager of the listing of a large folder. While its user is busy with
// a page, it holds nothing of the listing, which may be dropped meanwhile.
type loan struct {
	ctx    context.Context
	shelf  *shelf
	export export
	folder string
	shared *shared // nil before the first page
}

func (l *loan) next(last string) ([]item, error) {
	for {
		if l.shared != nil {
			if held := l.shared.listing.Load(); held != nil {
				return held.next(last)
			}
			l.close()
		}
		s, err := l.shelf.get(l.ctx, l.export, l.folder)
		if err != nil {
			return nil, err
		}
		l.shared = s
	}
}

func (l *loan) close() {
	if l.shared != nil {
		l.shelf.release(l.shared)
		l.shared = nil
	}
}
